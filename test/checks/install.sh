#!/usr/bin/env bash
# The README's program builds as its readers will build it, and runs against a broker: with the installed package, static
# and shared, and with our sources as a subdirectory. Usage: install.sh BUILD_DIRECTORY (built).
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

# NAME CMAKE-ARGUMENTS...: builds the user's project and runs its program.
build_and_run() {
  local name=$1
  shift
  cmake -S "$root/test/install" -B "$work/$name" -G Ninja -DPROGRAM="$work/program.cpp" "$@" >"$work/log" 2>&1 &&
    cmake --build "$work/$name" --target user >"$work/log" 2>&1 || {
    echo "the README's program does not build: $name"
    cat "$work/log"
    exit 1
  }
  timeout 20 "$work/$name/user" || {
    echo "the README's program failed: $name"
    exit 1
  }
  echo "$name: built and run"
}

cmake --install "$build" --prefix "$work/installed" >"$work/log"
start_broker
"$root/test/checks/docs_code.sh" --program README.md | sed "s/mqtt:\/\/localhost/mqtt:\/\/127.0.0.1:$port/" >"$work/program.cpp"
build_and_run installed-static -DCMAKE_PREFIX_PATH="$work/installed"
# The shared library needs no development package of what it links itself.
LD_LIBRARY_PATH=$work/installed/lib build_and_run installed-shared -DCMAKE_PREFIX_PATH="$work/installed" -DBUILD_SHARED_LIBS=ON \
  -DCMAKE_DISABLE_FIND_PACKAGE_{SQLite3,MbedTLS,Wslay}=ON
build_and_run subdirectory -DHOLDFAST_SOURCE="$root"
for tool in pub rr store sub trace; do
  "$work/installed/bin/holdfast_$tool" --help >/dev/null
  grep -q "^.TH HOLDFAST_${tool^^} 1" "$work/installed/share/man/man1/holdfast_$tool.1"
  bash -n "$work/installed/share/bash-completion/completions/holdfast_$tool"
done
