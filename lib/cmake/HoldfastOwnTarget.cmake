# Warnings, language level and sanitizers for our own targets; nothing of it reaches the targets of a user.
function(holdfast_own_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  if(CMAKE_SIZEOF_VOID_P EQUAL 4)
    target_compile_definitions(${target} PRIVATE _FILE_OFFSET_BITS=64)  # A trace may be larger than 2 GiB there, too.
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wconversion -Wshadow)
  if(HOLDFAST_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(HOLDFAST_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${HOLDFAST_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${HOLDFAST_SANITIZE})
  endif()
endfunction()

# The release's and the sanitizers' builds compile several files of a target as one (CMAKE_UNITY_BUILD), which is several times as
# fast. A file whose own names are another's too is named here and stays alone.
function(holdfast_compile_alone)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
