#!/usr/bin/env bash
# Holdfast is built for other machines by Debian's cross compilers, with TLS, WebSocket and SQLite and with warnings as errors, and
# its unit tests pass there: they run by qemu-user. Needs root, debootstrap and the network.
#
#   test/install/cross.sh [ARCHITECTURE]...    armhf (32 bits) and arm64, if none is named
#
# Each has a Debian 12 of its own in build-root-ARCHITECTURE/, since libraries of another architecture are not for the machine
# that tests.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
if [ "$(id -u)" != 0 ]; then exec sudo "$0" "$@"; fi
# shellcheck source=test/support/root.sh
. test/support/root.sh

test_on() { # ARCHITECTURE TRIPLET
  make_root bookworm "$1"
  # shellcheck disable=SC2016  # The inner shell expands.
  in_root "build-root-$1" bash -euc '
    architecture=$1
    triplet=$2
    printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    dpkg --add-architecture "$architecture"
    apt-get update -qq
    libraries=()
    for library in libspdlog-dev libsqlite3-dev libmbedtls-dev libwslay-dev libssl-dev catch2; do
      libraries+=("$library:$architecture")
    done
    apt-get install -y -qq --no-install-recommends "g++-$triplet" qemu-user cmake ninja-build libcli11-dev nlohmann-json3-dev \
      mosquitto procps "${libraries[@]}" >/dev/null
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    cd /holdfast
    cross=(-DCMAKE_TOOLCHAIN_FILE=/holdfast/lib/cmake/debian_cross.cmake "-DHOLDFAST_TRIPLET=$triplet")

    # As the presets of the sanitizers do, several files are compiled as one.
    cmake --preset dev "${cross[@]}" -DCMAKE_BUILD_TYPE=RelWithDebInfo "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1" \
      -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 >/dev/null
    mapfile -t tests < <(ctest --preset dev -N -R ^unit_ | sed -n "s/^ *Test *#[0-9]*: //p")
    [ ${#tests[@]} != 0 ]
    cmake --build --preset dev --target "${tests[@]}" -- --quiet
    ctest --preset dev -R ^unit_ --timeout 600 -j 2' bash "$1" "$2"
}

architectures=("$@")
[ $# != 0 ] || architectures=(armhf arm64)
for architecture in "${architectures[@]}"; do
  case $architecture in
    armhf) test_on armhf arm-linux-gnueabihf ;;
    arm64) test_on arm64 aarch64-linux-gnu ;;
    *) echo "armhf or arm64, not $architecture" >&2; exit 2 ;;
  esac
  echo "$architecture: builds, and the unit tests pass"
done
