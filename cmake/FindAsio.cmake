#[[
Finds standalone Asio, which most systems ship as bare headers without a CMake package.

Makes the imported target Asio::asio and sets Asio_FOUND and Asio_VERSION. If Asio lies in an unusual place, set
Asio_ROOT (or CMAKE_PREFIX_PATH) to its prefix, or Asio_INCLUDE_DIR to the folder that holds asio.hpp.
]]
find_path(Asio_INCLUDE_DIR NAMES asio/version.hpp DOC "The folder that holds asio.hpp of standalone Asio")
mark_as_advanced(Asio_INCLUDE_DIR)

unset(Asio_VERSION)
if(Asio_INCLUDE_DIR AND EXISTS "${Asio_INCLUDE_DIR}/asio/version.hpp")
  # ASIO_VERSION is MAJOR * 100000 + MINOR * 100 + PATCH.
  file(STRINGS "${Asio_INCLUDE_DIR}/asio/version.hpp" _asio_line REGEX "^#define ASIO_VERSION [0-9]+")
  if(_asio_line MATCHES "ASIO_VERSION ([0-9]+)")
    set(_asio_number ${CMAKE_MATCH_1})
    math(EXPR _asio_major "${_asio_number} / 100000")
    math(EXPR _asio_minor "${_asio_number} / 100 % 1000")
    math(EXPR _asio_patch "${_asio_number} % 100")
    set(Asio_VERSION ${_asio_major}.${_asio_minor}.${_asio_patch})
  endif()
  unset(_asio_line)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Asio REQUIRED_VARS Asio_INCLUDE_DIR Asio_VERSION VERSION_VAR Asio_VERSION)

if(Asio_FOUND AND NOT TARGET Asio::asio)
  add_library(Asio::asio INTERFACE IMPORTED)
  target_include_directories(Asio::asio INTERFACE "${Asio_INCLUDE_DIR}")
  # Before 1.23 Asio gives Clang coroutines only where <experimental/coroutine> exists, which libstdc++ has not.
  if(Asio_VERSION VERSION_LESS 1.23)
    target_compile_definitions(Asio::asio INTERFACE $<$<CXX_COMPILER_ID:Clang,AppleClang>:ASIO_HAS_CO_AWAIT=1>)
  endif()
endif()
