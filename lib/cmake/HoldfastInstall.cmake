# What `cmake --install` brings of the library: headers, both libraries, and how find_package and pkg-config find them.
# Whoever runs a program needs the component `library`, whoever builds one `development` as well.
include(CMakePackageConfigHelpers)
set(package_directory ${CMAKE_INSTALL_LIBDIR}/cmake/holdfast)
install(TARGETS holdfast_static holdfast_shared EXPORT holdfastTargets
        ARCHIVE COMPONENT development
        LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/holdfast DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
install(EXPORT holdfastTargets NAMESPACE holdfast:: DESTINATION ${package_directory} COMPONENT development)
configure_package_config_file(${PROJECT_SOURCE_DIR}/lib/cmake/holdfastConfig.cmake.in
                              ${CMAKE_CURRENT_BINARY_DIR}/holdfastConfig.cmake
                              INSTALL_DESTINATION ${package_directory})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/holdfastConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/holdfastConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/holdfastConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/lib/cmake/FindMbedTLS.cmake ${PROJECT_SOURCE_DIR}/lib/cmake/FindWslay.cmake
        DESTINATION ${package_directory} COMPONENT development)

# For pkg-config, which finds the prefix from where the file is. Of what the archive links, wslay and mbedTLS 2.28 have no
# such file in Debian, and SQLite's asks for zlib, which it does not need and Debian does not bring along.
set(holdfast_pc_requires spdlog)
if(HOLDFAST_SPDLOG_HEADER_ONLY)
  set(holdfast_pc_requires)
endif()
set(holdfast_pc_libraries)
if(HOLDFAST_SQLITE)
  list(APPEND holdfast_pc_libraries -lsqlite3)
endif()
if(HOLDFAST_WEBSOCKET)
  list(APPEND holdfast_pc_libraries -lwslay)
endif()
if(HOLDFAST_TLS)
  list(APPEND holdfast_pc_libraries -lmbedtls -lmbedx509)
endif()
if(HOLDFAST_TLS OR HOLDFAST_WEBSOCKET)
  list(APPEND holdfast_pc_libraries -lmbedcrypto)
endif()
list(APPEND holdfast_pc_libraries -lstdc++ -pthread)
list(JOIN holdfast_pc_libraries " " holdfast_pc_libraries)
string(REGEX REPLACE "[^/]+" ".." holdfast_pc_to_prefix ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
configure_file(${PROJECT_SOURCE_DIR}/lib/cmake/holdfast.pc.in ${CMAKE_CURRENT_BINARY_DIR}/holdfast.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/holdfast.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
