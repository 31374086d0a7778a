# How tidewire's own translation units are compiled. None of this reaches users of the targets.

# Warnings and sanitizers; linked privately to everything that is built here, never exported.
add_library(tidewire_private_flags INTERFACE)
target_compile_options(tidewire_private_flags INTERFACE
  $<$<CXX_COMPILER_ID:GNU,Clang,AppleClang>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow>
  $<$<CXX_COMPILER_ID:MSVC>:/W4 /utf-8>
  # Where it optimises, GCC 12 warns of std::string's own copies, wherever a literal is put before a string
  # (GCC bug 105651).
  $<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
if(TIDEWIRE_WERROR)
  target_compile_options(tidewire_private_flags INTERFACE $<IF:$<CXX_COMPILER_ID:MSVC>,/WX,-Werror>)
endif()
if(TIDEWIRE_SANITIZE)
  target_compile_options(tidewire_private_flags INTERFACE
    -fsanitize=${TIDEWIRE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    # GCC takes what the sanitizers add for uses of uninitialized objects, in Asio's headers among others, and says of
    # each fence of Asio's that ThreadSanitizer does not see it.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized -Wno-tsan>)
  target_link_options(tidewire_private_flags INTERFACE -fsanitize=${TIDEWIRE_SANITIZE})
endif()

# ccache is used where it is found, and only when tidewire is the project that is being worked on. Without the
# sloppiness it would not cache anything that uses the precompiled header of the tests; with a base folder, one checkout
# finds what another one compiled.
if(PROJECT_IS_TOP_LEVEL AND (NOT CMAKE_CXX_COMPILER_LAUNCHER OR CMAKE_CXX_COMPILER_LAUNCHER STREQUAL "ccache"))
  find_program(TIDEWIRE_CCACHE ccache)
  mark_as_advanced(TIDEWIRE_CCACHE)
  if(TIDEWIRE_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}
      CCACHE_NOHASHDIR=1 ${TIDEWIRE_CCACHE})
  endif()
endif()
