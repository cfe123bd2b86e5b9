# An overlay port: HOLDFAST_SOURCE in the environment names a checkout or an unpacked release. Let VCPKG_ENV_PASSTHROUGH of the
# triplet name it, too; once the sources have changed, remove the port and install it again with --no-binarycaching.
set(SOURCE_PATH "$ENV{HOLDFAST_SOURCE}")
if(NOT EXISTS "${SOURCE_PATH}/CMakeLists.txt")
  message(FATAL_ERROR "HOLDFAST_SOURCE is '${SOURCE_PATH}': set it to the directory of Holdfast's sources")
endif()

vcpkg_check_features(OUT_FEATURE_OPTIONS options FEATURES
  sqlite HOLDFAST_SQLITE
  tls HOLDFAST_TLS
  websocket HOLDFAST_WEBSOCKET)
vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}" OPTIONS ${options} -DHOLDFAST_BUILD_SAMPLES=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/holdfast)
vcpkg_fixup_pkgconfig()

file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
# holdfastTargets.cmake names both libraries, so both stay, whatever the triplet's linkage is.
set(VCPKG_POLICY_DLLS_IN_STATIC_LIBRARY enabled)
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
