#!/bin/bash
# Runs README's two commands on a machine that has next to nothing: a Debian made by debootstrap in a temporary folder,
# with git, sudo and a user who is not root. Shows that each does all its set-up, and nothing but its job when run again.
#
#   sudo tests/bare/run.sh [demo|test]...     default: both
#
# Debian packages: debootstrap. Mirror, keys and name servers are those of the host. Tests the last commit.
# JOBS is how many compilers run at once.
set -eu

if [ "${TIDEWIRE_BARE_INSIDE:-}" != yes ]; then
  # Mounts and processes of its own: both are gone when it ends, however it ends.
  exec env TIDEWIRE_BARE_INSIDE=yes unshare --mount --pid --fork --kill-child "$0" "$@"
fi

source=$(cd "$(dirname "$0")/../.." && pwd)
root=$(mktemp -d)
chmod 755 "$root"
trap 'umount -R "$root/proc" "$root/dev" 2>/dev/null; rm -rf --one-file-system "$root"' EXIT
. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE)' "Release: $VERSION_CODENAME" | head -n 1)

debootstrap --variant=minbase --include=git,sudo "$VERSION_CODENAME" "$root" "$mirror" >"$root.log" 2>&1 ||
  { tail "$root.log"; exit 1; }
rm "$root.log"
rm -rf "$root/etc/apt"
cp -a /etc/apt "$root/etc/apt"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"

home=/srv/ada
chroot "$root" useradd -m -d "$home" -s /bin/sh ada
echo 'ada ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/ada"
git clone -q --no-local "$source" "$root$home/tidewire"
chroot "$root" chown -R ada: "$home/tidewire"

# As that user, in that folder, with a fresh environment and no input.
as_ada() {
  chroot "$root" su - ada -c "export CMAKE_BUILD_PARALLEL_LEVEL=${JOBS:-$(nproc)}; cd tidewire && $1" </dev/null
}

[ $# -gt 0 ] || set -- demo test
for word in "$@"; do
  command=$(sed -n "s/^\(cmake\/setup.sh $word .*\)/\1/p" "$source/README.md" | head -n 1)
  [ -n "$command" ] || { echo "README has no command for $word"; exit 1; }
  echo "==== $command"
  as_ada "$command"
  echo "==== $command: once more"
  again=$(as_ada "$command") || { echo "$again"; exit 1; }
  if grep -E '^Installing|(Building|Linking) CXX' <<<"$again"; then
    echo "the second run did that again"
    exit 1
  fi
  tail -n 3 <<<"$again"
done
echo "bare: both runs did what they should"
