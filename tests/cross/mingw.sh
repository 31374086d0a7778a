#!/bin/bash
# Cross-builds base, core and their unit tests for Windows with MinGW-w64 and runs the tests under Wine. Compiles html,
# mime, crypto and tls as well; of theirs, the tests that meet the system run: those of files.
#
#   tests/cross/mingw.sh [FOLDER]     FOLDER is for what it builds; default build/mingw
#
# Debian packages: g++-mingw-w64-x86-64-posix wine64 googletest libasio-dev libssl-dev cmake ninja-build.
# JOBS is how many compilers run at once; arguments after FOLDER go to ctest.
set -eu
source=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mkdir -p "${1:-$source/build/mingw}" && cd "${1:-$source/build/mingw}" && pwd)
shift $(($# > 0 ? 1 : 0))
jobs=${JOBS:-$(nproc)}
toolchain="$source/cmake/mingw-w64.cmake"

# Asio is headers only: those of the host will do, but not together with all else that lies in /usr/include.
mkdir -p "$work/include"
ln -sfn /usr/include/asio "$work/include/asio"
ln -sfn /usr/include/asio.hpp "$work/include/asio.hpp"

if [ ! -e "$work/googletest/lib/cmake/GTest/GTestConfig.cmake" ]; then
  cmake -S /usr/src/googletest -B "$work/googletest-build" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain" \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX="$work/googletest" -DCMAKE_INSTALL_LIBDIR=lib -Wno-dev
  cmake --build "$work/googletest-build" -j "$jobs"
  cmake --install "$work/googletest-build"
fi

# Wine of its own, silent, without a screen, with nothing left running afterwards.
export WINEPREFIX="$work/wine" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=" WINEARCH=win64
export WINESERVER=/usr/lib/wine/wineserver64
unset DISPLAY
wine=/usr/lib/wine/wine64
trap '"$WINESERVER" -k 2>/dev/null || true; "$WINESERVER" -w 2>/dev/null || true' EXIT
if [ ! -e "$WINEPREFIX/system.reg" ]; then
  "$wine" wineboot --init </dev/null >/dev/null 2>&1
  "$WINESERVER" -w
fi

# configure FOLDER MODULES FLAGS OPTION...
configure() {
  cmake -S "$source" -B "$work/$1" -G Ninja -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DCMAKE_BUILD_TYPE=Debug \
    "-DTIDEWIRE_MODULES=$2" "-DCMAKE_CXX_FLAGS_DEBUG=$3" -DCMAKE_CROSSCOMPILING_EMULATOR="$wine" -DTIDEWIRE_WERROR=ON \
    -DTIDEWIRE_BUILD_EXAMPLES=OFF -DTIDEWIRE_INSTALL=OFF -DGTest_DIR="$work/googletest/lib/cmake/GTest" \
    -DAsio_INCLUDE_DIR="$work/include" "${@:4}"
}

# GCC 12 at -O1 takes what a std::variant does not hold for something that is destroyed uninitialized.
configure core core "-O1 -Wno-maybe-uninitialized"
cmake --build "$work/core" -j "$jobs"

# Debian has no OpenSSL for Windows. Its headers are the same everywhere: with them and libraries that are empty, what
# stands on it is compiled, and a test that calls none of it is linked.
mkdir -p "$work/openssl/openssl"
ln -sf /usr/include/openssl/*.h /usr/include/*-linux-gnu/openssl/*.h "$work/openssl/openssl"
for name in crypto ssl; do
  x86_64-w64-mingw32-ar qc "$work/openssl/lib$name.a"
done
configure others "html;mime;tls" -O0 -DCMAKE_OPTIMIZE_DEPENDENCIES=ON -DOPENSSL_INCLUDE_DIR="$work/openssl" \
  -DLIB_EAY="$work/openssl/libcrypto.a" -DSSL_EAY="$work/openssl/libssl.a"
cmake --build "$work/others" -j "$jobs" \
  --target tidewire_html tidewire_tls crypto_input_file_test mime_maildir_test mime_mbox_test

# Wine's services start with its first program and hold on to its output: that is one whose output nobody waits for.
# The server then stays, and with it the services: a test starts in a fifth of a second, not in four.
"$WINESERVER" -p </dev/null >/dev/null 2>&1
"$wine" cmd /c exit </dev/null >/dev/null 2>&1
ctest --test-dir "$work/core" --output-on-failure --no-tests=error "$@"
TIDEWIRE_CONFORMANCE_DIR=none ctest --test-dir "$work/others" --output-on-failure --no-tests=error \
  -R '^(crypto\.input_file|mime\.(maildir|mbox))$' "$@"
