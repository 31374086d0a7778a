#!/bin/sh
# Installs the system packages that building tidewire needs and that are missing; does nothing if all are there.
#
#   cmake/setup.sh demo    to build and run the demo
#   cmake/setup.sh test    to build and pass every test
#   cmake/setup.sh bench   to build the benchmarks and their rivals
#   cmake/setup.sh ci      everything that .ci/run uses
#
# For Debian 12, Ubuntu 24.04 and newer, as root or with sudo. Asks no question.
set -eu

# A program that is there need not be a package's: name:command.
build='g++:g++ cmake:cmake ninja-build:ninja libasio-dev libssl-dev zlib1g-dev'
test='libgtest-dev libgmock-dev'
bench='libbenchmark-dev libuv1-dev libgumbo-dev libxml2-dev libgmime-3.0-dev libetpan-dev
  pkg-config:pkg-config python3:python3 valgrind:valgrind'
clang='clang-19:clang++-19 clang-format-19:clang-format-19 libclang-rt-19-dev llvm-19:llvm-symbolizer-19'
windows='g++-mingw-w64-x86-64-posix:x86_64-w64-mingw32-g++-posix wine64 googletest'
# What the tests compare with and talk to. Elsewhere than in CI, what is not there is skipped.
oracles='openssl:openssl curl:curl nginx-light:nginx postfix:postfix
  dovecot-core dovecot-imapd dovecot-lmtpd dovecot-submissiond python3-dkim:dkimverify python3-nacl
  python3-bs4 python3-html5lib python3-parsel'
ci="git:git ccache:ccache make:make binutils:nm $oracles $clang $windows"

case "${1:-}" in
  demo) wanted="$build" ;;
  test) wanted="$build $test" ;;
  bench) wanted="$build $bench" ;;
  ci) wanted="$build $test $bench $ci" ;;
  *)
    sed -n 's/^#   //p' "$0" >&2
    exit 2
    ;;
esac

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=
for item in $wanted; do
  package=${item%%:*}
  case $item in
    *:*) command -v "${item#*:}" >/dev/null 2>&1 || missing="$missing $package" ;;
    *) installed "$package" || missing="$missing $package" ;;
  esac
done

if [ -n "$missing" ]; then
  if ! command -v apt-get >/dev/null 2>&1; then
    echo "Please install what Debian calls:$missing" >&2
    exit 1
  fi
  as_root=
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null 2>&1; then
      echo "Neither root nor sudo: please install$missing" >&2
      exit 1
    fi
    as_root=sudo
  fi
  echo "Installing$missing"
  apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" \
      </dev/null
  }
  apt update
  # shellcheck disable=SC2086
  apt install --no-install-recommends $missing
fi

# What the system's packages may be too old for.
version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9.]*\).*/\1/p')
oldest=$(printf '3.25\n%s\n' "$version" | sort -V | head -n 1)
if [ "$oldest" != 3.25 ]; then
  echo "tidewire needs CMake 3.25 or newer; this is $version." >&2
  exit 1
fi
