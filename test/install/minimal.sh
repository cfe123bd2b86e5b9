#!/usr/bin/env bash
# A publisher made of the minimal build needs libc and nothing else, or nothing at all, and stays as small as it is: the programs,
# stripped, and what each takes of memory while it is connected and idle. Usage: minimal.sh BUILD_DIRECTORY (of the preset minimal, built).
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
processes=()
# shellcheck disable=SC2317  # The trap calls it.
clean_up() {
  exec 3>&-
  [ ${#processes[@]} = 0 ] || kill "${processes[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT

# A tenth and a quarter above what was measured: g++ 12 and glibc 2.36, amd64.
program_max=1200  # KiB
memory_max=300    # KiB of its own (anonymous), what it shares with others not counted
static_program_max=2250
static_memory_max=190

cat >"$work/publisher.cpp" <<'END'
#include <cstdio>
#include <holdfast/client.hpp>

int main(int, char** arguments) {
  using namespace std::chrono_literals;
  holdfast::Client client({.server = arguments[1], .client_id = "publisher"});
  client.connect();
  for (int number = 0; number < 100; ++number)
    client.publish("t", "21.5", {.qos = holdfast::QoS::at_least_once});
  if (!client.flush(10s)) return 1;
  std::puts("idle");
  std::fflush(stdout);
  std::getchar();
  client.disconnect();
}
END

compile() { # NAME OPTIONS...
  c++ -std=c++20 -Os -ffunction-sections -fdata-sections -Iinclude "$work/publisher.cpp" -o "$work/$1" \
    "$build/lib/libholdfast.a" -pthread "${@:2}" -Wl,--gc-sections -s
}
compile publisher -static-libstdc++ -static-libgcc -Wl,--as-needed
needed=$(objdump -p "$work/publisher" | awk '$1 == "NEEDED" && $2 !~ /^(libc|libm|ld-linux.*)\.so/ { print $2 }')
if [ -n "$needed" ]; then echo "the minimal publisher needs $needed"; exit 1; fi
# That looking up names takes glibc's shared libraries of the same version is what the linker warns of; addresses go without.
compile static_publisher -static 2>"$work/linker" || { cat "$work/linker"; exit 1; }
if objdump -p "$work/static_publisher" | grep NEEDED; then echo "the static publisher needs a library"; exit 1; fi

printf 'listener 0 %s\nallow_anonymous true\nuser %s\n' "$work/broker" "$(id -un)" >"$work/mosquitto.conf"
PATH=$PATH:/usr/sbin mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
processes+=($!)
for _ in $(seq 100); do
  if [ -S "$work/broker" ]; then break; fi
  sleep 0.05
done
mkfifo "$work/input"
exec 3<>"$work/input"

guard() { # NAME PROGRAM_MAX MEMORY_MAX WORDS
  local program memory all publisher
  program=$((($(stat -c %s "$work/$1") + 1023) / 1024))
  "$work/$1" "unix://$work/broker" <"$work/input" >"$work/$1.output" &
  publisher=$!
  processes+=("$publisher")
  for _ in $(seq 200); do
    if grep -qs idle "$work/$1.output"; then break; fi
    sleep 0.05
  done
  grep -qs idle "$work/$1.output" || { echo "the $4 did not publish"; exit 1; }
  memory=$(awk '/^RssAnon/ { print $2 }' "/proc/$publisher/status")
  all=$(awk '/^VmRSS/ { print $2 }' "/proc/$publisher/status")
  echo >&3
  wait "$publisher"
  unset 'processes[-1]'

  [[ $memory =~ ^[0-9]+$ ]] || { echo "the $4: its idle memory is not known, since its /proc/PID/status has no RssAnon"; exit 1; }
  echo "$4: $program KiB stripped; idle $memory KiB of its own, $all KiB with what it maps"
  if [ "$program" -gt "$2" ]; then echo "the program may have $2 KiB"; exit 1; fi
  if [ "$memory" -gt "$3" ]; then echo "it may take $3 KiB"; exit 1; fi
}
guard publisher $program_max $memory_max "minimal publisher, needs libc alone"
guard static_publisher $static_program_max $static_memory_max "minimal publisher, static, needs no library"
