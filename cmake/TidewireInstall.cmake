# The install tree: libraries, headers, a CMake package and pkg-config files, each per module, so that a system can
# package the modules apart. Install components: `runtime` (shared libraries), `development` (everything else).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/tidewire")

# Sets <result> to what the users of the installed <module> have to link besides tidewire: libraries of its public
# interface always, those of its inside when it is a static library.
function(tidewire_user_libraries module result)
  get_target_property(libraries tidewire_${module} TIDEWIRE_PUBLIC_LIBRARIES)
  if(NOT BUILD_SHARED_LIBS)
    get_target_property(private tidewire_${module} TIDEWIRE_PRIVATE_LIBRARIES)
    list(APPEND libraries ${private})
    list(REMOVE_DUPLICATES libraries)
  endif()
  set(${result} ${libraries} PARENT_SCOPE)
endfunction()

# The package that an imported target is from: OpenSSL::SSL is of OpenSSL.
function(tidewire_packages_of libraries result)
  list(FILTER libraries INCLUDE REGEX "::")
  list(TRANSFORM libraries REPLACE "::.*" "")
  list(REMOVE_DUPLICATES libraries)
  set(${result} ${libraries} PARENT_SCOPE)
endfunction()

function(tidewire_install_pkgconfig module)
  # Relative to the file itself, so that the tree can be moved.
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(pc_prefix "${CMAKE_INSTALL_PREFIX}")
    set(pc_libdir "${CMAKE_INSTALL_FULL_LIBDIR}")
    set(pc_includedir "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
  else()
    file(RELATIVE_PATH up "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
    string(REGEX REPLACE "/$" "" up "${up}")
    set(pc_prefix "\${pcfiledir}/${up}")
    set(pc_libdir "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
    set(pc_includedir "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
  endif()

  set(pc_requires)
  foreach(dependency IN LISTS TIDEWIRE_DEPENDS_${module})
    list(APPEND pc_requires "tidewire-${dependency} = ${PROJECT_VERSION}")
  endforeach()
  set(pc_libs)
  tidewire_user_libraries(${module} libraries)
  foreach(library IN LISTS libraries)
    if(TIDEWIRE_PC_REQUIRES_${library})
      list(APPEND pc_requires ${TIDEWIRE_PC_REQUIRES_${library}})
    elseif(TIDEWIRE_PC_LIBS_${library})
      string(APPEND pc_libs " ${TIDEWIRE_PC_LIBS_${library}}")
    elseif(NOT library MATCHES "::")
      string(APPEND pc_libs " -l${library}")
    else()
      message(FATAL_ERROR "TidewireModules.cmake does not say what pkg-config calls ${library}")
    endif()
  endforeach()
  list(JOIN pc_requires ", " pc_requires)

  set(pc_cflags)
  if(NOT BUILD_SHARED_LIBS)
    string(TOUPPER ${module} upper)
    set(pc_cflags " -DTIDEWIRE_${upper}_STATIC_DEFINE")
  endif()
  configure_file(cmake/tidewire-module.pc.in "${PROJECT_BINARY_DIR}/package/tidewire-${module}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/package/tidewire-${module}.pc"
    DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig" COMPONENT development)
endfunction()

# What tidewireConfig.cmake knows of each module: those that it stands on, and which packages to look for.
set(TIDEWIRE_CONFIG_TABLE)
foreach(module IN LISTS TIDEWIRE_KNOWN_MODULES)
  tidewire_closure(${module} closure)
  string(APPEND TIDEWIRE_CONFIG_TABLE "set(_tidewire_modules_${module} ${closure})\n")
endforeach()
set(all_packages)
foreach(module IN LISTS TIDEWIRE_SELECTED_MODULES)
  tidewire_user_libraries(${module} libraries)
  tidewire_packages_of("${libraries}" packages)
  get_target_property(libraries tidewire_${module} TIDEWIRE_HEADER_LIBRARIES)
  tidewire_packages_of("${libraries}" optional)
  string(APPEND TIDEWIRE_CONFIG_TABLE
    "set(_tidewire_packages_${module} ${packages})\n"
    "set(_tidewire_optional_packages_${module} ${optional})\n")
  list(APPEND all_packages ${packages} ${optional})
endforeach()
list(REMOVE_DUPLICATES all_packages)
foreach(package IN LISTS all_packages)
  string(APPEND TIDEWIRE_CONFIG_TABLE
    "set(_tidewire_find_${package} ${TIDEWIRE_FIND_${package}})\n"
    "set(_tidewire_debian_${package} ${TIDEWIRE_DEBIAN_${package}})\n")
  if(EXISTS "${PROJECT_SOURCE_DIR}/cmake/Find${package}.cmake")
    install(FILES cmake/Find${package}.cmake DESTINATION "${package_dir}" COMPONENT development)
  endif()
endforeach()
configure_package_config_file(cmake/tidewireConfig.cmake.in "${PROJECT_BINARY_DIR}/package/tidewireConfig.cmake"
  INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/tidewireConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/tidewireConfig.cmake"
  "${PROJECT_BINARY_DIR}/package/tidewireConfigVersion.cmake"
  DESTINATION "${package_dir}" COMPONENT development)

foreach(module IN LISTS TIDEWIRE_SELECTED_MODULES)
  install(TARGETS tidewire_${module} EXPORT tidewire-${module}
    RUNTIME COMPONENT runtime
    LIBRARY COMPONENT runtime NAMELINK_COMPONENT development
    ARCHIVE COMPONENT development
    FILE_SET HEADERS COMPONENT development
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT tidewire-${module} NAMESPACE tidewire:: FILE tidewire-${module}-targets.cmake
    DESTINATION "${package_dir}" COMPONENT development)
  tidewire_install_pkgconfig(${module})
endforeach()
