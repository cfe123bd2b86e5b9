# For Debian's cross compilers: cmake -DCMAKE_TOOLCHAIN_FILE=lib/cmake/debian_cross.cmake -DHOLDFAST_TRIPLET=arm-linux-gnueabihf.
# Libraries come from multiarch (apt install libspdlog-dev:armhf), where CMake looks by itself once it knows the compiler;
# programs, tests among them, run by qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(HOLDFAST_TRIPLET "" CACHE STRING "The machine to build for, as Debian's compilers name it: arm-linux-gnueabihf, aarch64-linux-gnu")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES HOLDFAST_TRIPLET)
string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${HOLDFAST_TRIPLET}")
set(CMAKE_C_COMPILER ${HOLDFAST_TRIPLET}-gcc)
set(CMAKE_CXX_COMPILER ${HOLDFAST_TRIPLET}-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${CMAKE_SYSTEM_PROCESSOR})
# g++ has told since version 7 that it passes some values otherwise than version 6 did on arm.
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)
