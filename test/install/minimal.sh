#!/usr/bin/env bash
# A publisher made of the minimal build needs libc and nothing else, and stays as small as it is: the program, stripped, and what
# it takes of memory while it is connected and idle. Usage: minimal.sh BUILD_DIRECTORY (of the preset minimal, built).
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
c++ -std=c++20 -Os -ffunction-sections -fdata-sections -Iinclude "$work/publisher.cpp" -o "$work/publisher" \
  "$build/lib/libholdfast.a" -pthread -static-libstdc++ -static-libgcc -Wl,--gc-sections,--as-needed -s
needed=$(objdump -p "$work/publisher" | awk '$1 == "NEEDED" && $2 !~ /^(libc|libm|ld-linux.*)\.so/ { print $2 }')
if [ -n "$needed" ]; then echo "the minimal publisher needs $needed"; exit 1; fi
program=$((($(stat -c %s "$work/publisher") + 1023) / 1024))

printf 'listener 0 %s\nallow_anonymous true\nuser %s\n' "$work/broker" "$(id -un)" >"$work/mosquitto.conf"
PATH=$PATH:/usr/sbin mosquitto -c "$work/mosquitto.conf" >"$work/mosquitto.log" 2>&1 &
processes+=($!)
for _ in $(seq 100); do
  if [ -S "$work/broker" ]; then break; fi
  sleep 0.05
done
mkfifo "$work/input"
exec 3<>"$work/input"
"$work/publisher" "unix://$work/broker" <"$work/input" >"$work/output" &
processes+=($!)
for _ in $(seq 200); do
  if grep -q idle "$work/output"; then break; fi
  sleep 0.05
done
grep -q idle "$work/output" || { echo "the minimal publisher did not publish"; exit 1; }
memory=$(awk '/^RssAnon/ { print $2 }' "/proc/${processes[1]}/status")
all=$(awk '/^VmRSS/ { print $2 }' "/proc/${processes[1]}/status")
echo >&3
wait "${processes[1]}"

echo "minimal publisher: $program KiB stripped, needs libc alone; idle $memory KiB of its own, $all KiB with what it maps"
if [ "$program" -gt $program_max ]; then echo "the program may have $program_max KiB"; exit 1; fi
if [ "$memory" -gt $memory_max ]; then echo "it may take $memory_max KiB"; exit 1; fi
