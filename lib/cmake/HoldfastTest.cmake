# holdfast_test_target(name): what is compiled as the tests are.
# holdfast_test_program(name sources...): a Catch2 program that may include the layers' own headers.
# holdfast_test(name sources...): the same, run by ctest in random order; what it shows goes into the conformance table.
function(holdfast_test_target name)
  holdfast_own_target(${name})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/lib ${PROJECT_SOURCE_DIR}/test)
  target_link_libraries(${name} PRIVATE holdfast::holdfast_static holdfast_catch)
  if(HOLDFAST_SANITIZE)
    target_compile_definitions(${name} PRIVATE HOLDFAST_SANITIZED)
    target_compile_options(${name} PRIVATE -O0)  # The tests wait more than they compute; compiling them is the longer part.
  endif()
endfunction()

if(HOLDFAST_BUILD_TESTS)
  find_package(Catch2 REQUIRED)
  if(TARGET Catch2::Catch2WithMain)
    add_library(holdfast_catch ALIAS Catch2::Catch2WithMain)
  else()
    add_library(holdfast_catch STATIC ${PROJECT_SOURCE_DIR}/test/support/catch_main.cpp)
    target_link_libraries(holdfast_catch PUBLIC Catch2::Catch2)
  endif()
  # An object, since nothing refers to what a static library would bring.
  add_library(holdfast_conformance_listener OBJECT ${PROJECT_SOURCE_DIR}/test/support/conformance_listener.cpp)
  target_link_libraries(holdfast_conformance_listener PRIVATE holdfast_catch)
  holdfast_own_target(holdfast_conformance_listener)
  # Catch2's header costs more than most tests: it is compiled once, with the options of the programs that use it.
  add_library(holdfast_precompiled OBJECT ${PROJECT_SOURCE_DIR}/test/support/catch.cpp)
  holdfast_test_target(holdfast_precompiled)
  set_target_properties(holdfast_precompiled PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(holdfast_precompiled PRIVATE -fPIE)
  target_precompile_headers(holdfast_precompiled PRIVATE ${PROJECT_SOURCE_DIR}/test/support/catch.hpp)
  set(holdfast_conformance_results ${PROJECT_BINARY_DIR}/conformance)
  file(MAKE_DIRECTORY ${holdfast_conformance_results})
endif()

function(holdfast_test_program name)
  add_executable(${name} ${ARGN})
  holdfast_test_target(${name})
  target_link_libraries(${name} PRIVATE holdfast_conformance_listener)
  target_precompile_headers(${name} REUSE_FROM holdfast_precompiled)
endfunction()

function(holdfast_test name)
  holdfast_test_program(${name} ${ARGN})
  add_test(NAME ${name} COMMAND ${name} --order rand --rng-seed time)
  set_tests_properties(${name} PROPERTIES ENVIRONMENT HOLDFAST_RESULTS=${holdfast_conformance_results}/${name}.tsv)
  set_property(GLOBAL APPEND PROPERTY holdfast_tests ${name})
endfunction()
