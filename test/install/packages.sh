#!/usr/bin/env bash
# Debian packages of Holdfast install in a bare Debian, work there, and go again without a trace. Needs root, debootstrap and the
# network.
#
#   test/install/packages.sh [SUITE]...    bookworm and trixie, if none is named
#
# For each suite: builds the packages in build-root-SUITE/ (a .deb needs the libraries of the Debian where it was built), then
# installs them in a copy of the bare root, with apt and what they name as needed and nothing else, builds a project of two
# files with find_package and one with pkg-config, and runs both, and the tools, against a broker. The packages stay in
# build-root-SUITE/holdfast/build-package/.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
if [ "$(id -u)" != 0 ]; then exec sudo "$0" "$@"; fi
# shellcheck source=test/support/root.sh
. test/support/root.sh

bare=
# shellcheck disable=SC2317  # The trap calls it.
clean_up() { [ -z "$bare" ] || rm -rf "$bare"; }
trap clean_up EXIT

build_packages() { # SUITE
  make_root "$1" "$1"
  # shellcheck disable=SC2016  # The inner shell expands.
  in_root "build-root-$1" bash -euc '
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends g++ cmake ninja-build dpkg-dev file libspdlog-dev libsqlite3-dev \
      libmbedtls-dev libwslay-dev libcli11-dev nlohmann-json3-dev >/dev/null
    if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
    cd /holdfast
    cmake --preset package >/dev/null
    cmake --build --preset package -- --quiet
    cd build-package
    rm -f ./*.deb
    cpack >cpack.log || { cat cpack.log; exit 1; }'
}

use_packages() { # SUITE
  make_bare_root "$1"
  bare=build-root-$1-packages
  rm -rf "$bare"
  cp -a "build-root-$1-bare" "$bare"
  prepare_root "$bare"
  mkdir "$bare/packages" "$bare/project"
  cp "build-root-$1/holdfast/build-package"/*.deb "$bare/packages"
  cp test/install/CMakeLists.txt "$bare/project"
  # The root has a network in common with all else that runs here, so not the broker's usual port.
  local port=$((15000 + RANDOM % 15000))
  test/checks/docs_code.sh --program README.md | sed "s/mqtt:\/\/localhost/&:$port/" >"$bare/project/pump.cpp"
  # shellcheck disable=SC2016  # The inner shell expands.
  in_root "$bare" bash -euc '
    port=$1
    printf "#!/bin/sh\nexit 101\n" >/usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends mosquitto >/dev/null

    # Who runs the tools needs no compiler.
    apt-get install -y -qq --no-install-recommends /packages/libholdfast[0-9]*.deb /packages/holdfast-tools_*.deb >/dev/null
    if dpkg-query -W -f "\${Package}\n" | grep -E -- "-dev$|^g\+\+$"; then echo "the tools need development packages"; exit 1; fi
    mosquitto -p "$port" 2>/mosquitto.log &
    broker=$!
    until (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do kill -0 $broker; sleep 0.05; done
    holdfast_pub -p "$port" -q 1 -t packages -m works -r
    [ "$(timeout 20 holdfast_sub -p "$port" -t packages -C 1)" = works ]

    apt-get install -y -qq --no-install-recommends /packages/libholdfast-dev_*.deb g++ cmake make pkg-config >/dev/null
    cd /project
    for shared in OFF ON; do
      cmake -S . -B "build-$shared" -DPROGRAM=pump.cpp -DBUILD_SHARED_LIBS=$shared >/dev/null
      cmake --build "build-$shared" >/dev/null
      timeout 20 "build-$shared/user"
    done
    ldd build-ON/user | grep -q libholdfast
    g++ -std=c++20 pump.cpp -o pump $(pkg-config --cflags --libs holdfast)
    timeout 20 ./pump
    kill $broker

    # Purged, they leave nothing.
    apt-get purge -y -qq libholdfast-dev holdfast-tools "libholdfast[0-9]*" >/dev/null
    left=$(find / -xdev -path /packages -prune -o -iname "*holdfast*" -print)
    if [ -n "$left" ]; then echo "left behind: $left"; exit 1; fi' bash "$port"
  rm -rf "$bare"
  bare=
}

suites=("$@")
[ $# != 0 ] || suites=(bookworm trixie)
for suite in "${suites[@]}"; do
  build_packages "$suite"
  use_packages "$suite"
  echo "$suite: the packages install, work and go"
done
