#!/usr/bin/env bash
# The README's program builds as its readers will build it, and runs against a broker: with what is installed, found by
# CMake and by pkg-config, static and shared, and with our sources as a part of its project. Usage: install.sh
# BUILD_DIRECTORY (built).
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
root=$PWD
work=$(mktemp -d)
broker=
# shellcheck disable=SC2317 # called by trap
clean_up() {
  [ -z "$broker" ] || kill "$broker"
  rm -rf "$work"
}
trap clean_up EXIT

start_broker() {
  for _ in $(seq 20); do
    port=$((15000 + RANDOM % 15000))
    printf 'listener %s 127.0.0.1\nallow_anonymous true\n' $port >"$work/mosquitto.conf"
    PATH=$PATH:/usr/sbin mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
    broker=$!
    for _ in $(seq 100); do
      if ! kill -0 $broker 2>/dev/null; then break; fi # The port was taken: another one.
      if (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
      sleep 0.05
    done
  done
  echo "mosquitto does not start:"
  cat "$work/mosquitto.log"
  exit 1
}

# NAME COMMAND...: runs it quietly, and tells all of it when it fails.
must() {
  local name=$1
  shift
  "$@" >"$work/log" 2>&1 || {
    echo "$name failed: $*"
    cat "$work/log"
    exit 1
  }
}

run() { # NAME PROGRAM
  must "$1" timeout 20 "$2"
  echo "$1: built and run"
}

# NAME PROJECT CMAKE-ARGUMENTS...: builds the user's project and runs its program.
build_and_run() {
  local name=$1 project=$2
  shift 2
  must "$name" cmake -S "$root/test/install/$project" -B "$work/$name" -G Ninja -DPROGRAM="$work/program.cpp" "$@"
  must "$name" cmake --build "$work/$name" --target user
  run "$name" "$work/$name/user"
}

# NAME PREFIX PKG-CONFIG-ARGUMENTS...: the same without CMake, and without RTTI.
compile_and_run() {
  local name=$1 flags
  flags=$(PKG_CONFIG_PATH=$2/lib/pkgconfig pkg-config --cflags --libs "${@:3}" 'holdfast >= 0.1')
  # shellcheck disable=SC2086  # Words of a command line.
  must "$name" c++ -std=c++20 -fno-rtti "$work/program.cpp" -o "$work/$name" $flags
  run "$name" "$work/$name"
}

cmake --install "$build" --prefix "$work/installed" >"$work/log"
start_broker
"$root/test/checks/docs_code.sh" --program README.md | sed "s/mqtt:\/\/localhost/mqtt:\/\/127.0.0.1:$port/" >"$work/program.cpp"
build_and_run installed-static . -DCMAKE_PREFIX_PATH="$work/installed"
# The shared library needs no development package of what it links itself.
LD_LIBRARY_PATH=$work/installed/lib build_and_run installed-shared . -DCMAKE_PREFIX_PATH="$work/installed" \
  -DBUILD_SHARED_LIBS=ON -DCMAKE_DISABLE_FIND_PACKAGE_{SQLite3,MbedTLS,Wslay}=ON

# Who asks for another minor version is told that this one has another interface, be it older or newer.
mkdir "$work/other"
for version in 0.0 0.2; do
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(other NONE)\nfind_package(holdfast %s REQUIRED)\n' $version \
    >"$work/other/CMakeLists.txt"
  if cmake -S "$work/other" -B "$work/other/$version" -DCMAKE_PREFIX_PATH="$work/installed" >"$work/log" 2>&1 ||
    ! grep -q 'holdfastConfig.cmake, version: 0\.1\.' "$work/log"; then
    echo "find_package(holdfast $version) takes what is installed, or does not name its version:"
    cat "$work/log"
    exit 1
  fi
done

LD_LIBRARY_PATH=$work/installed/lib compile_and_run pkg-config-shared "$work/installed"
# Moved to another prefix, where the static library is the only one.
mkdir -p "$work/moved/lib"
ln -s "$work/installed/include" "$work/moved/include"
cp -r "$work/installed/lib/pkgconfig" "$work/moved/lib"
ln "$work/installed/lib/libholdfast.a" "$work/moved/lib"
compile_and_run pkg-config-static "$work/moved" --static

# As a part of a project: fetched, and all of it without RTTI; then as a subdirectory, in the same place with the same options, so
# that only what has to be compiled otherwise is compiled again.
tar --create --gzip --file "$work/holdfast.tar.gz" CMakeLists.txt include lib samples test/CMakeLists.txt
build_and_run fetched as_part -DHOLDFAST_URL="file://$work/holdfast.tar.gz" -DCMAKE_CXX_FLAGS=-fno-rtti \
  -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12
must fetched cmake --install "$work/fetched" --prefix "$work/user"
if [ "$(find "$work/user" -type f)" != "$work/user/bin/user" ]; then
  echo "the user's project installs what is not its own:"
  find "$work/user" -type f
  exit 1
fi
must subdirectory cmake "$work/fetched" -UHOLDFAST_URL -DHOLDFAST_SOURCE="$work/fetched/_deps/holdfast-src"
rm "$work/fetched/user"
must subdirectory cmake --build "$work/fetched" --target user
run subdirectory "$work/fetched/user"
for tool in bench pub rr store sub trace; do
  "$work/installed/bin/holdfast_$tool" --help >"$work/help" || [ $? = 1 ] # As mosquitto's tools do.
  grep -q -e --version "$work/help"
  grep -q "^.TH HOLDFAST_${tool^^} 1" "$work/installed/share/man/man1/holdfast_$tool.1"
  bash -n "$work/installed/share/bash-completion/completions/holdfast_$tool"
done
