# mbedTLS, 2.28 or 3.x: MbedTLS::mbedtls, MbedTLS::mbedx509 and MbedTLS::mbedcrypto. (2.28 has no package of its own.)
find_path(MbedTLS_INCLUDE_DIR mbedtls/ssl.h)
foreach(library mbedtls mbedx509 mbedcrypto)
  find_library(MbedTLS_${library}_LIBRARY ${library})
  mark_as_advanced(MbedTLS_${library}_LIBRARY)
endforeach()
mark_as_advanced(MbedTLS_INCLUDE_DIR)

foreach(header version.h build_info.h)  # The number stands in one or the other.
  if(EXISTS ${MbedTLS_INCLUDE_DIR}/mbedtls/${header})
    file(STRINGS ${MbedTLS_INCLUDE_DIR}/mbedtls/${header} line REGEX "define MBEDTLS_VERSION_STRING ")
    if(line MATCHES "\"([0-9.]+)\"")
      set(MbedTLS_VERSION ${CMAKE_MATCH_1})
    endif()
  endif()
endforeach()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(MbedTLS
  REQUIRED_VARS MbedTLS_mbedtls_LIBRARY MbedTLS_mbedx509_LIBRARY MbedTLS_mbedcrypto_LIBRARY MbedTLS_INCLUDE_DIR
  VERSION_VAR MbedTLS_VERSION)

if(MbedTLS_FOUND AND NOT TARGET MbedTLS::mbedtls)
  foreach(library mbedcrypto mbedx509 mbedtls)
    add_library(MbedTLS::${library} UNKNOWN IMPORTED)
    set_target_properties(MbedTLS::${library} PROPERTIES IMPORTED_LOCATION ${MbedTLS_${library}_LIBRARY}
                                                         INTERFACE_INCLUDE_DIRECTORIES ${MbedTLS_INCLUDE_DIR})
  endforeach()
  target_link_libraries(MbedTLS::mbedx509 INTERFACE MbedTLS::mbedcrypto)
  target_link_libraries(MbedTLS::mbedtls INTERFACE MbedTLS::mbedx509)
endif()
