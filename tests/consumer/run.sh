#!/bin/bash
# Installs tidewire, static and shared, and shows that programs outside its tree can use what was installed.
#
#   tests/consumer/run.sh [FOLDER]     FOLDER is for what it builds; default build/consumer
#
# STATIC_BUILD names a build folder whose static libraries are installed instead of building them once more.
# CXX and CXXFLAGS are honoured; JOBS is how many compilers run at once.
set -u
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
work=$(mkdir -p "${1:-$source/build/consumer}" && cd "${1:-$source/build/consumer}" && pwd)
cxx=${CXX:-c++}
jobs=${JOBS:-$(nproc)}
passed=0
failed=0

# check NAME COMMAND...: one line of the report; what the command said is shown if it fails.
check() {
  local name=$1 log
  log="$work/logs/${1//[^a-z0-9_]/-}.log"
  shift
  if "$@" >"$log" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name"
  else
    failed=$((failed + 1))
    echo "FAILED  $name"
    tail -n 30 "$log" | sed 's/^/        /'
  fi
}

configure() {  # configure SOURCE BUILD [ARGUMENT...]: with a cache from nothing
  rm -rf "$2"
  cmake -S "$1" -B "$2" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_BUILD_TYPE=Debug "${@:3}"
}

# A copy of a project in a folder of its own, so that nothing of the source tree is found by accident.
project_copy() {  # project_copy KIND NAME COPY
  rm -rf "$work/$1/$3"
  mkdir -p "$work/$1/$3"
  cp "$here/$2"/* "$here"/programs/*.cpp "$work/$1/$3/"
  echo "$work/$1/$3"
}

install_tidewire() {  # install_tidewire KIND PREFIX
  local shared=OFF build="$work/$1/tidewire"
  [ "$1" = shared ] && shared=ON
  rm -rf "$2"
  if [ "$1" = static ] && [ -n "${STATIC_BUILD:-}" ]; then
    build=$STATIC_BUILD
  else
    cmake -S "$source" -B "$build" -G Ninja -DCMAKE_CXX_COMPILER="$cxx" -DBUILD_SHARED_LIBS=$shared \
      -DCMAKE_BUILD_TYPE=Debug -DTIDEWIRE_BUILD_TESTS=OFF -DTIDEWIRE_BUILD_EXAMPLES=OFF || return 1
    cmake --build "$build" -j "$jobs" || return 1
  fi
  cmake --install "$build" --prefix "$2"
}

find_package_consumer() {  # find_package_consumer KIND PROGRAM COMPONENTS LOOKED_FOR [ARGUMENT...]
  local project
  project=$(project_copy "$1" find_package "find_package-$2-${3:-all}")
  configure "$project" "$project/build" -DCMAKE_PREFIX_PATH="$work/$1/prefix" -DPROGRAM="$2" -DCOMPONENTS="$3" \
    -DLOOKED_FOR="$4" "${@:5}" && cmake --build "$project/build" -j "$jobs" && "$project/build/consumer"
}

subdirectory_consumer() {  # subdirectory_consumer KIND
  local project shared=OFF program
  [ "$1" = shared ] && shared=ON
  project=$(project_copy "$1" add_subdirectory add_subdirectory)
  configure "$project" "$project/build" -DTIDEWIRE_SOURCE="$source" -DBUILD_SHARED_LIBS=$shared &&
    cmake --build "$project/build" -j "$jobs" || return 1
  for program in core interop; do "$project/build/$program" || return 1; done
  # It installs nothing of tidewire unless asked to.
  ! grep -rq "libtidewire" "$project/build" --include=cmake_install.cmake
}

fetch_content_consumer() {  # fetch_content_consumer KIND
  local project shared=OFF
  [ "$1" = shared ] && shared=ON
  project=$(project_copy "$1" fetch_content fetch_content)
  configure "$project" "$project/build" -DTIDEWIRE_SOURCE="$source" -DBUILD_SHARED_LIBS=$shared &&
    cmake --build "$project/build" -j "$jobs" && "$project/build/consumer"
}

# The whole tree is moved first: neither kind of package may hold the place where it was installed.
pkg_config_consumer() {  # pkg_config_consumer KIND PROGRAM MODULE
  local project prefix="$work/$1/moved"
  project=$(project_copy "$1" pkg_config "pkg_config-$2")
  rm -rf "$prefix"
  cp -a "$work/$1/prefix" "$prefix"
  PKG_CONFIG_PATH="$prefix/lib/pkgconfig" make -C "$project" CXX="$cxx" PROGRAM="$2" MODULES="$3" LDFLAGS="${CXXFLAGS:-}" &&
    LD_LIBRARY_PATH="$prefix/lib" "$project/consumer"
}

refuses() {  # refuses KIND TEXT FIND_PACKAGE_ARGUMENT...: find_package fails, and says TEXT
  local project="$work/$1/refused" output
  rm -rf "$project"
  mkdir -p "$project"
  printf 'cmake_minimum_required(VERSION 3.25)\nproject(refused LANGUAGES CXX)\nfind_package(tidewire %s)\n' \
    "${*:3}" >"$project/CMakeLists.txt"
  output=$(configure "$project" "$project/build" -DCMAKE_PREFIX_PATH="$work/$1/prefix" 2>&1) && return 1
  printf '%s\n' "$output"
  # CMake breaks messages into lines where it likes.
  tr -s ' \n' ' ' <<<"$output" | grep -qF "$2"
}

headers_are_installed() {  # headers_are_installed KIND: every header of the source tree, and the generated ones
  local installed
  installed=$(cd "$work/$1/prefix/include" && find . -name '*.hpp' | grep -v '/export\.hpp$' | sort)
  diff <(cd "$source/include" && find . -name '*.hpp' | sort) - <<<"$installed"
}

nothing_leaks() {  # nothing_leaks KIND: neither our flags nor our folders nor what only we need
  local files
  files=$(find "$work/$1/prefix" -name '*.cmake' ! -name 'Find*.cmake' -o -name '*.pc')
  # shellcheck disable=SC2086
  ! grep -nE -e '-W[a-z]|fsanitize|private_flags|ccache|GTest|gtest|benchmark|BUILD_INTERFACE|LINK_ONLY:>' $files &&
    ! grep -rnF -e "$source" -e "$work" ${STATIC_BUILD:+-e "$STATIC_BUILD"} $files "$work/$1/prefix/include"
}

# What a shared module defines for others. Strong symbols are tidewire's alone. Weak ones (inline functions, templates)
# may come from the standard library and, in core, from Asio, which marks its own as visible on purpose: a program that
# uses Asio with core's loop must have Asio's static objects in common with it.
symbols_are_ours() {  # symbols_are_ours LIBRARY
  local ours='^(vtable for |typeinfo for |typeinfo name for |VTT for |guard variable for |non-virtual thunk to |virtual thunk to |TLS init function for |TLS wrapper function for )*'
  local allowed='(tidewire|std|__gnu_cxx|__cxxabiv1)::' strong
  [[ $1 == *tidewire_core* ]] && allowed='(tidewire|std|__gnu_cxx|__cxxabiv1|asio[a-z_]*)::'
  strong=$(nm -DC --defined-only "$1" | sed 's/^[0-9a-f]* //' | grep -E '^[TDBRG] ' | cut -c3-)
  [ -n "$strong" ] || { echo "no symbol at all"; return 1; }
  ! grep -vE "${ours}tidewire::" <<<"$strong" || return 1
  # Return types stand before the names of templates: it is enough that an allowed name space occurs.
  ! nm -DC --defined-only "$1" | sed 's/^[0-9a-f]* //' | grep -E '^[VWu] ' | cut -c3- |
    grep -vE "$allowed|^operator (new|delete)"
}

no_private_library_is_needed() {  # no_private_library_is_needed LIBRARY: what a module may need at run time
  local allowed='libtidewire_|libstdc\+\+|libgcc_s|libm\.|libc\.|ld-linux|libpthread'
  [[ $1 == *tidewire_crypto* ]] && allowed="$allowed|libcrypto\."
  [[ $1 == *tidewire_tls* ]] && allowed="$allowed|libcrypto\.|libssl\."
  [[ $1 == *tidewire_imap* ]] && allowed="$allowed|libz\."
  ! readelf -d "$1" | grep NEEDED | grep -vE "\[($allowed)"
}

export CCACHE_SLOPPINESS=pch_defines,time_macros
rm -rf "$work/logs"
mkdir -p "$work/logs"

check "base is built without looking for any package" bash -c "
  $(declare -f configure); cxx='$cxx'
  configure '$source' '$work/base' -DTIDEWIRE_MODULES=base -DTIDEWIRE_BUILD_TESTS=OFF \
    -DCMAKE_REQUIRE_FIND_PACKAGE_tidewire=ON -DCMAKE_PROJECT_INCLUDE='$here/no_packages.cmake' &&
  cmake --build '$work/base' -j '$jobs'"
check "an unknown module is refused by name" bash -c "
  ! cmake -S '$source' -B '$work/unknown' -G Ninja -DTIDEWIRE_MODULES='base;smpt' >'$work/unknown.txt' 2>&1 &&
  tr -s ' \n' ' ' <'$work/unknown.txt' | grep -F \"names 'smpt', which is no module of tidewire\""

for kind in static shared; do
  prefix="$work/$kind/prefix"
  check "$kind: install" install_tidewire $kind "$prefix"
  check "$kind: every header is installed" headers_are_installed $kind
  check "$kind: nothing of the build leaks" nothing_leaks $kind
  check "$kind: find_package, base alone" find_package_consumer $kind base base ""
  check "$kind: find_package, core" find_package_consumer $kind core core "Threads;Asio"
  check "$kind: find_package, core where Asio is not installed" \
    find_package_consumer $kind core core "Threads;Asio" -DCMAKE_DISABLE_FIND_PACKAGE_Asio=ON
  check "$kind: find_package, core together with Asio" find_package_consumer $kind interop core "Threads;Asio"
  check "$kind: find_package, html, without a look at Asio" find_package_consumer $kind html html ""
  # Shared, crypto needs OpenSSL at run time only, and imap zlib: nothing looks for their headers.
  openssl="OpenSSL;PkgConfig"
  zlib=ZLIB
  [ $kind = shared ] && openssl= && zlib=
  check "$kind: find_package, crypto" find_package_consumer $kind crypto crypto "$openssl"
  check "$kind: find_package, mime, without a look at Asio and OpenSSL" find_package_consumer $kind mime mime ""
  check "$kind: find_package, dkim, without a look at Asio" find_package_consumer $kind dkim dkim "$openssl"
  check "$kind: find_package, tls" find_package_consumer $kind tls tls "Threads;Asio;$openssl"
  check "$kind: find_package, smtp" find_package_consumer $kind smtp smtp "Threads;Asio;$openssl"
  check "$kind: find_package, imap" find_package_consumer $kind imap imap "Threads;Asio;$openssl;$zlib"
  check "$kind: find_package, testing" find_package_consumer $kind testing testing "Threads;Asio;$openssl;$zlib"
  check "$kind: find_package without components" find_package_consumer $kind core "" "Threads;Asio;$openssl;$zlib"
  check "$kind: add_subdirectory" subdirectory_consumer $kind
  check "$kind: FetchContent" fetch_content_consumer $kind
  check "$kind: pkg-config, base, from a moved tree" pkg_config_consumer $kind base tidewire-base
  check "$kind: pkg-config, core, from a moved tree" pkg_config_consumer $kind core tidewire-core
  check "$kind: pkg-config, crypto, from a moved tree" pkg_config_consumer $kind crypto tidewire-crypto
  check "$kind: pkg-config, html, from a moved tree" pkg_config_consumer $kind html tidewire-html
  check "$kind: pkg-config, mime, from a moved tree" pkg_config_consumer $kind mime tidewire-mime
  check "$kind: pkg-config, dkim, from a moved tree" pkg_config_consumer $kind dkim tidewire-dkim
  check "$kind: pkg-config, smtp, from a moved tree" pkg_config_consumer $kind smtp tidewire-smtp
  check "$kind: pkg-config, imap, from a moved tree" pkg_config_consumer $kind imap tidewire-imap
  check "$kind: pkg-config, testing, from a moved tree" pkg_config_consumer $kind testing tidewire-testing
  check "$kind: an unknown component is refused by name" \
    refuses $kind "has no module 'smpt'; its modules are base, core" "0.1 REQUIRED COMPONENTS smpt"
  check "$kind: another minor version is refused" refuses $kind "version: 0.1.0" "0.2 REQUIRED COMPONENTS base"
done
check "a module that is not installed is named" bash -c "
  $(declare -f configure refuses); cxx='$cxx' work='$work'
  rm -rf '$work/partial/prefix' && cmake --install '$work/base' --prefix '$work/partial/prefix' &&
  refuses partial 'tidewire::core is not part of the installation' '0.1 REQUIRED COMPONENTS core'"
check "components: the runtime alone is the shared libraries" bash -c "
  rm -rf '$work/runtime' && cmake --install '$work/shared/tidewire' --prefix '$work/runtime' --component runtime &&
  [ -n \"\$(find '$work/runtime' -name 'libtidewire_base.so.*')\" ] &&
  [ -z \"\$(find '$work/runtime' -type f ! -name 'libtidewire_*.so.*')\" ]"
for library in "$work"/shared/prefix/lib/libtidewire_*.so; do
  check "shared: ${library##*/} exports nothing but ours" symbols_are_ours "$library"
  check "shared: ${library##*/} needs no library that it should not" no_private_library_is_needed "$library"
done

echo "consumer: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
