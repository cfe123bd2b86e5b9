#!/usr/bin/env bash
# How large a small program is with and without each transport: samples/01_publish for size (MinSizeRel, unused sections
# left out), the library inside, stripped; and the shared libraries that it needs beyond those of C and C++. Builds below
# build-size-*/.
set -euo pipefail
cd "$(dirname "$0")/../.."

build() { # NAME OPTIONS...
  local name=$1
  shift
  cmake -S . -B "build-size-$name" -G Ninja -DCMAKE_BUILD_TYPE=MinSizeRel -DBUILD_SHARED_LIBS=OFF \
    -DHOLDFAST_BUILD_SAMPLES=ON -DHOLDFAST_BUILD_TESTS=OFF -DHOLDFAST_INSTALL=OFF \
    -DCMAKE_CXX_FLAGS="-ffunction-sections -fdata-sections" -DCMAKE_EXE_LINKER_FLAGS=-Wl,--gc-sections,--as-needed \
    "$@" >/dev/null
  cmake --build "build-size-$name" --target 01_publish -- --quiet
  strip -o "build-size-$name/stripped" "$(find "build-size-$name" -name 01_publish -type f -perm -u+x)"
}

kib() { echo $((($(stat -L -c %s "$@" | paste -sd+) + 512) / 1024)); }

row() { # NAME TEXT
  local libraries=() path
  while read -r path; do libraries+=("$path"); done < <(
    ldd "build-size-$1/stripped" | awk '$3 ~ /^\// && $1 !~ /^(libc|libm|libstdc\+\+|libgcc_s)\.so/ { print $3 }' | sort)
  printf '| %s | %s KiB | %s | %s KiB |\n' "$2" "$(kib "build-size-$1/stripped")" \
    "$(basename -a "${libraries[@]}" | sed 's/\.so.*//' | paste -sd' ')" "$(kib "${libraries[@]}")"
}

none=(-DHOLDFAST_TLS=OFF -DHOLDFAST_WEBSOCKET=OFF -DHOLDFAST_SQLITE=OFF)
build none "${none[@]}"
build tls "${none[@]}" -DHOLDFAST_TLS=ON
build websocket "${none[@]}" -DHOLDFAST_WEBSOCKET=ON
build transports "${none[@]}" -DHOLDFAST_TLS=ON -DHOLDFAST_WEBSOCKET=ON
build all
printf '| 01_publish with | program | shared libraries | their size |\n|---|---|---|---|\n'
row none "TCP, Unix sockets, proxies"
row tls "and TLS"
row websocket "and WebSocket"
row transports "and TLS and WebSocket"
row all "and the SQLite store"
