# The modules, the only edges allowed between them, and the functions that make their targets.
include(GenerateExportHeader)

# For each module: the modules that it stands on, and the outside packages that it is compiled with.
set(TIDEWIRE_KNOWN_MODULES base core crypto tls html mime dkim smtp imap testing)
set(TIDEWIRE_DEPENDS_base)
set(TIDEWIRE_DEPENDS_core base)
set(TIDEWIRE_DEPENDS_crypto base)
set(TIDEWIRE_DEPENDS_tls core crypto)
set(TIDEWIRE_DEPENDS_html base)
set(TIDEWIRE_DEPENDS_mime base)
set(TIDEWIRE_DEPENDS_dkim mime crypto)
set(TIDEWIRE_DEPENDS_smtp tls mime)
set(TIDEWIRE_DEPENDS_imap tls mime)
set(TIDEWIRE_DEPENDS_testing smtp imap)
set(TIDEWIRE_PACKAGES_base)
set(TIDEWIRE_PACKAGES_core Threads Asio)
set(TIDEWIRE_PACKAGES_crypto OpenSSL)
set(TIDEWIRE_PACKAGES_tls OpenSSL)
set(TIDEWIRE_PACKAGES_html)
set(TIDEWIRE_PACKAGES_mime)
set(TIDEWIRE_PACKAGES_dkim)
set(TIDEWIRE_PACKAGES_smtp)
set(TIDEWIRE_PACKAGES_imap)
set(TIDEWIRE_PACKAGES_testing Threads)
option(TIDEWIRE_IMAP_COMPRESS "imap: COMPRESS=DEFLATE, which needs zlib" ON)
if(TIDEWIRE_IMAP_COMPRESS)
  list(APPEND TIDEWIRE_PACKAGES_imap ZLIB)
endif()

# For each outside package: what find_package is asked for, and what Debian and Ubuntu call it. For each of its
# targets that users of tidewire link: what it is in a .pc file (TIDEWIRE_PC_LIBS_... or TIDEWIRE_PC_REQUIRES_...).
set(TIDEWIRE_FIND_Threads Threads)
set(TIDEWIRE_DEBIAN_Threads libc6-dev)
set(TIDEWIRE_PC_LIBS_Threads::Threads -pthread)
set(TIDEWIRE_FIND_Asio Asio 1.22.1)
set(TIDEWIRE_DEBIAN_Asio libasio-dev)
set(TIDEWIRE_FIND_OpenSSL OpenSSL 3.0)
set(TIDEWIRE_DEBIAN_OpenSSL libssl-dev)
set(TIDEWIRE_PC_REQUIRES_OpenSSL::Crypto "libcrypto >= 3.0")
set(TIDEWIRE_PC_REQUIRES_OpenSSL::SSL "libssl >= 3.0")
set(TIDEWIRE_FIND_ZLIB ZLIB)
set(TIDEWIRE_DEBIAN_ZLIB zlib1g-dev)
set(TIDEWIRE_WITHOUT_ZLIB "To build without it, set TIDEWIRE_IMAP_COMPRESS=OFF. ")
set(TIDEWIRE_PC_REQUIRES_ZLIB::ZLIB zlib)

# Finds the packages that a module is compiled with, and nothing else; says how to get one that is missing.
function(tidewire_find_packages module)
  foreach(package IN LISTS TIDEWIRE_PACKAGES_${module})
    # GLOBAL: whoever adds tidewire as a subdirectory links these targets from outside this directory.
    find_package(${TIDEWIRE_FIND_${package}} GLOBAL)
    if(NOT ${package}_FOUND)
      list(JOIN TIDEWIRE_FIND_${package} " " wanted)
      message(FATAL_ERROR "tidewire::${module} needs ${wanted}. On Debian and Ubuntu: "
        "apt-get install ${TIDEWIRE_DEBIAN_${package}}. Elsewhere, set CMAKE_PREFIX_PATH or ${package}_ROOT. "
        "${TIDEWIRE_WITHOUT_${package}}To build without tidewire::${module}, name the modules you want in TIDEWIRE_MODULES.")
    endif()
    set(${package}_VERSION "${${package}_VERSION}" PARENT_SCOPE)
  endforeach()
endfunction()

# Sets <result> to the modules named in the list <wanted> and all that they stand on, in build order.
function(tidewire_closure wanted result)
  set(queue ${wanted})
  set(closure)
  while(queue)
    list(POP_FRONT queue module)
    list(APPEND closure ${module})
    list(APPEND queue ${TIDEWIRE_DEPENDS_${module}})
  endwhile()
  set(ordered)
  foreach(module IN LISTS TIDEWIRE_KNOWN_MODULES)
    if(module IN_LIST closure)
      list(APPEND ordered ${module})
    endif()
  endforeach()
  set(${result} ${ordered} PARENT_SCOPE)
endfunction()

# Sets TIDEWIRE_SELECTED_MODULES: what TIDEWIRE_MODULES names and what that stands on.
function(tidewire_select_modules)
  string(REGEX REPLACE "[ ,]+" ";" wanted "${TIDEWIRE_MODULES}")
  if(wanted STREQUAL "all")
    set(wanted ${TIDEWIRE_KNOWN_MODULES})
  endif()
  foreach(module IN LISTS wanted)
    if(NOT module IN_LIST TIDEWIRE_KNOWN_MODULES)
      list(JOIN TIDEWIRE_KNOWN_MODULES ", " known)
      message(FATAL_ERROR "TIDEWIRE_MODULES names '${module}', which is no module of tidewire; its modules are ${known}.")
    endif()
  endforeach()
  tidewire_closure("${wanted}" selected)
  set(TIDEWIRE_SELECTED_MODULES ${selected} PARENT_SCOPE)
endfunction()

# tidewire_add_module(NAME html SOURCES a.cpp ... HEADERS tidewire/html/parser.hpp ...
#   [PUBLIC_LIBRARIES ...] [PRIVATE_LIBRARIES ...] [HEADER_LIBRARIES ...])
# makes tidewire_<name> and tidewire::<name>. Sources are relative to src/<name>, headers to include/.
# Finds the packages of TIDEWIRE_PACKAGES_<name> and links the modules of TIDEWIRE_DEPENDS_<name>.
#
# HEADER_LIBRARIES are header-only libraries that the module is compiled with and that only an interop header of its
# shows. Users get them if they have them, and need them only for that header. Because both sides then compile the same
# inline functions, export.hpp defines TIDEWIRE_<NAME>_<PACKAGE>_VERSION (major * 100000 + minor * 100 + patch), which
# the interop header compares with what it finds.
function(tidewire_add_module)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME"
    "SOURCES;HEADERS;PUBLIC_LIBRARIES;PRIVATE_LIBRARIES;HEADER_LIBRARIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "tidewire_add_module(${arg_NAME}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  tidewire_find_packages(${arg_NAME})
  set(target tidewire_${arg_NAME})
  add_library(${target} ${arg_SOURCES})
  add_library(tidewire::${arg_NAME} ALIAS ${target})

  string(TOUPPER ${arg_NAME} upper)
  set(versions)
  foreach(library IN LISTS arg_HEADER_LIBRARIES)
    string(REGEX REPLACE "::.*" "" package ${library})
    string(TOUPPER ${package} package_upper)
    string(REGEX MATCH "^([0-9]+)\\.([0-9]+)\\.?([0-9]*)" match "${${package}_VERSION}")
    math(EXPR number "${CMAKE_MATCH_1} * 100000 + ${CMAKE_MATCH_2} * 100 + 0${CMAKE_MATCH_3}")
    string(APPEND versions "\n#define TIDEWIRE_${upper}_${package_upper}_VERSION ${number}\n")
  endforeach()
  set(export_header "${PROJECT_BINARY_DIR}/include/tidewire/${arg_NAME}/export.hpp")
  generate_export_header(${target} BASE_NAME tidewire_${arg_NAME}
    EXPORT_MACRO_NAME TIDEWIRE_${upper}_API EXPORT_FILE_NAME "${export_header}"
    CUSTOM_CONTENT_FROM_VARIABLE versions)
  list(TRANSFORM arg_HEADERS PREPEND "${PROJECT_SOURCE_DIR}/include/")
  target_sources(${target} PUBLIC
    FILE_SET HEADERS
    BASE_DIRS "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include"
    FILES ${arg_HEADERS} "${export_header}")

  target_compile_features(${target} PUBLIC cxx_std_20)
  foreach(module IN LISTS TIDEWIRE_DEPENDS_${arg_NAME})
    target_link_libraries(${target} PUBLIC tidewire_${module})
  endforeach()
  foreach(library IN LISTS arg_HEADER_LIBRARIES)
    target_link_libraries(${target} PUBLIC $<TARGET_NAME_IF_EXISTS:${library}>)
  endforeach()
  target_link_libraries(${target} PUBLIC ${arg_PUBLIC_LIBRARIES} PRIVATE ${arg_PRIVATE_LIBRARIES})
  # Not by linking tidewire_private_flags, which would leave a trace in the exported target.
  target_compile_options(${target} PRIVATE $<TARGET_PROPERTY:tidewire_private_flags,INTERFACE_COMPILE_OPTIONS>)
  target_link_options(${target} PRIVATE $<TARGET_PROPERTY:tidewire_private_flags,INTERFACE_LINK_OPTIONS>)
  if(NOT BUILD_SHARED_LIBS)
    target_compile_definitions(${target} PUBLIC TIDEWIRE_${upper}_STATIC_DEFINE)
  endif()
  set_target_properties(${target} PROPERTIES
    EXPORT_NAME ${arg_NAME}
    VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    POSITION_INDEPENDENT_CODE ON
    VERIFY_INTERFACE_HEADER_SETS ON
    TIDEWIRE_PUBLIC_LIBRARIES "${arg_PUBLIC_LIBRARIES}"
    TIDEWIRE_PRIVATE_LIBRARIES "${arg_PRIVATE_LIBRARIES}"
    TIDEWIRE_HEADER_LIBRARIES "${arg_HEADER_LIBRARIES}")
  if(NOT DEFINED CMAKE_INSTALL_RPATH AND NOT WIN32)
    # A shared module finds those that it stands on beside itself, wherever the tree is installed.
    set_target_properties(${target} PROPERTIES INSTALL_RPATH $<IF:$<PLATFORM_ID:Darwin>,@loader_path,$ORIGIN>)
  endif()
endfunction()

# tidewire::tidewire links every module that is built. Installed, it is made by tidewireConfig.cmake.
function(tidewire_add_umbrella)
  add_library(tidewire_tidewire INTERFACE)
  add_library(tidewire::tidewire ALIAS tidewire_tidewire)
  foreach(module IN LISTS TIDEWIRE_SELECTED_MODULES)
    target_link_libraries(tidewire_tidewire INTERFACE tidewire_${module})
  endforeach()
endfunction()

function(tidewire_print_summary)
  message(STATUS "tidewire ${PROJECT_VERSION}: ${TIDEWIRE_SELECTED_MODULES}")
  foreach(what IN ITEMS TESTS EXAMPLES BENCHMARKS FUZZERS)
    message(STATUS "  ${what}: ${TIDEWIRE_BUILD_${what}}")
  endforeach()
endfunction()
