# `cpack` makes Debian packages of what `cmake --install` would bring: the library, what is needed to build with it, and the
# tools. The preset `package` has the options for it; docs/packaging tells more.
set(runtime_package libholdfast${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Holdfast maintainers <maintainers@holdfast.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL library development tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${PROJECT_BINARY_DIR}/lib)  # No package has our own library yet.
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
    "MQTT client library that does not lose data\nThe shared library, for programs that are linked with it.")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME ${runtime_package})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
# The binary interface may change with each minor version, of which each has a name of its own.
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")

set(development_needs "${runtime_package} (= ${PROJECT_VERSION})" libspdlog-dev)
if(HOLDFAST_SQLITE)
  list(APPEND development_needs libsqlite3-dev)
endif()
if(HOLDFAST_TLS OR HOLDFAST_WEBSOCKET)
  list(APPEND development_needs libmbedtls-dev)
endif()
if(HOLDFAST_WEBSOCKET)
  list(APPEND development_needs libwslay-dev)
endif()
list(JOIN development_needs ", " CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS)
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "MQTT client library that does not lose data (development)\nHeaders, the static library, and files for CMake and pkg-config.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libholdfast-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SHLIBDEPS OFF)

set(CPACK_COMPONENT_TOOLS_DESCRIPTION
    "MQTT tools: publish, subscribe, request, load a broker, look at stores and traces\nWith manual pages and completions for bash and zsh. Options are those of mosquitto_pub, mosquitto_sub and mosquitto_rr.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME holdfast-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "${runtime_package} (>= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS bash-completion)

# What Debian's policy asks of every package. `cmake --install` without a component leaves it out.
file(ARCHIVE_CREATE OUTPUT ${PROJECT_BINARY_DIR}/changelog.gz PATHS ${PROJECT_SOURCE_DIR}/CHANGELOG.md
     FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
foreach(component LIBRARY DEVELOPMENT TOOLS)
  string(TOLOWER ${component} name)
  set(documentation ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${component}_PACKAGE_NAME})
  install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${documentation} RENAME copyright
          COMPONENT ${name} EXCLUDE_FROM_ALL)
  install(FILES ${PROJECT_BINARY_DIR}/changelog.gz DESTINATION ${documentation} COMPONENT ${name} EXCLUDE_FROM_ALL)
endforeach()
include(CPack)
