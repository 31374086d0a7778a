#!/bin/bash
# Shows that check.py finds what it is there to find: breaks each rule in a copy of the tree.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cd "$source"
git ls-files -z -- cmake include src tests/layout CMakeLists.txt | xargs -0 tar c | tar x -C "$copy"
cd "$copy"
git init -q
git add -A

# finds FILE TEXT EXPECTED: with TEXT as the last line of FILE, the check fails and says EXPECTED.
finds() {
  local before said
  before=$(mktemp)
  [ -e "$1" ] && cp "$1" "$before"
  mkdir -p "$(dirname "$1")"
  printf '%s\n' "$2" >>"$1"
  git add -f "$1"
  if said=$(tests/layout/check.py) || ! grep -qF "$3" <<<"$said"; then
    echo "the layout check did not find: $3"
    echo "$said"
    exit 1
  fi
  if [ -s "$before" ]; then cp "$before" "$1"; else rm "$1" && git rm -q --cached "$1"; fi
  rm "$before"
}

tests/layout/check.py
finds scripts/new.sh "true" "scripts: has no place at the top"
finds src/base/error.cpp "#include <tidewire/core/task.hpp>" "base may not stand on core"
finds src/base/error.cpp "#include \"../core/platform.hpp\"" "which is not in src/base"
finds include/tidewire/base/error.hpp "#include <sys/socket.h>" "<sys/socket.h>, which is not of the standard library"
finds include/tidewire/core/task.hpp "#include <asio.hpp>" "<asio.hpp>, which is not of the standard library"
finds include/tidewire/base/error.hpp "#include \"result.hpp\"" "write <tidewire/...>"
finds include/tidewire/base/new.hpp "#pragma once" "does not include <tidewire/base/new.hpp>"
finds include/tidewire/base.hpp "#include <vector>" "includes <vector>, which is no public header of base"
finds src/base/new.hpp "int a;" "has no #pragma once"
finds src/base/error.cpp "// $(printf '\342\200\246')" "is not ASCII"
finds src/base/error.cpp "// /""home/ada/tidewire" "names a place of one machine"
finds src/smpt/smpt.cpp "int a;" "belongs to no module"
echo "layout: the check finds each kind of breach"
