#!/usr/bin/env bash
# Installs, builds and runs every test. On a bare Debian 12 or 13, as root or with sudo, nothing is needed before it.
#
#   test/run.sh           everything: both compilers, all tests, sanitizers, checks, benchmark (under an hour on 2 cores)
#   test/run.sh --quick   for the inner loop: one build, unit tests, and the checks that take no time
#   test/run.sh --long    everything, then the campaigns: millions of fuzzed inputs, faults put in, 200 kills, all tests twenty times
#   test/run.sh --root SUITE [--quick|--long]
#                         the same on another Debian, such as trixie, in a root below build-root-SUITE/ that debootstrap makes
#                         once and that is kept
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

usage() {
  sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

mode=full
suite=
arguments=("$@")
while [ $# != 0 ]; do
  case $1 in
    --quick) mode=quick ;;
    --long) mode=long ;;
    --root)
      suite=${2:-}
      [[ $suite =~ ^[a-z]+$ ]] || usage
      shift
      ;;
    *) usage ;;
  esac
  shift
done

sudo=()
[ "$(id -u)" = 0 ] || sudo=(sudo)

say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

# What a package's installation would start as a service stays down: tests start servers of their own.
without_services() ( # COMMAND...
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    trap '"${sudo[@]}" rm -f $policy' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee $policy >/dev/null
    "${sudo[@]}" chmod +x $policy
  fi
  "$@"
)

install_missing() { # PACKAGES...
  local missing=() available=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} != 0 ] || return 0
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  # Debian 13 has newer clangs only: what is not there is left out, and the checks that need it say so.
  for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); else echo "not in this Debian: $package"; fi
  done
  [ ${#available[@]} != 0 ] || return 0
  without_services "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${available[@]}" >/dev/null
}

install_packages() {
  # The library, its samples, and what unit tests are built with.
  local packages=(g++ cmake ninja-build libspdlog-dev libsqlite3-dev libmbedtls-dev libwslay-dev libssl-dev catch2
    libcli11-dev nlohmann-json3-dev libsystemd-dev pkg-config groff-base mosquitto mosquitto-clients procps
    ca-certificates)
  if [ "$mode" != quick ]; then
    packages+=(clang libclang-rt-dev clang-tidy-14 clang-format-14 libmosquitto-dev libpaho-mqtt-dev libpaho-mqttpp-dev shellcheck)
    # Packages, and the binary interface.
    packages+=(dpkg-dev file abigail-tools)
    # What a message costs, and parts alone.
    packages+=(valgrind libbenchmark-dev)
    # Brokers, proxies and networks of the integration tests.
    packages+=(ejabberd mosquitto-dev rabbitmq-server tinyproxy microsocks openssl iproute2 nftables)
    # The page of holdfast_trace is looked at in a browser; the API reference has to be complete, a unit understood, and
    # completions read by their shell.
    packages+=(chromium doxygen systemd zsh)
  fi
  install_missing "${packages[@]}"
}

build() { # PRESET [TARGETS]
  local unity=ON
  [ $mode != quick ] || unity=OFF # What is built again after each change is a file.
  cmake --preset "$1" -DHOLDFAST_UNITY_TESTS=$unity >/dev/null
  cmake --build --preset "$1" ${2:+--target "${@:2}"} -- --quiet
}

# While tests run that wait for most of their time: they come first.
build_meanwhile() { # PRESET
  (
    renice -n 10 -p "$BASHPID" >/dev/null
    build "$1"
  ) &
  meanwhile=$!
}

# Nothing is tried again: what fails once in twenty runs is a failure. Most tests wait for most of their time.
run_tests() { # PRESET [CTEST ARGUMENTS]
  local preset=$1
  shift
  ctest --preset "$preset" --timeout 600 -j 6 "$@"
}

# ---- In a root with another Debian ----

# shellcheck source=test/support/root.sh
. test/support/root.sh

if [ -n "$suite" ]; then
  if [ "$(id -u)" != 0 ]; then exec sudo test/run.sh "${arguments[@]}"; fi
  inner=()
  [ $mode = full ] || inner=("--$mode")
  make_root "$suite" "$suite"
  in_root "build-root-$suite" /holdfast/test/run.sh "${inner[@]}"
  exit
fi

# ---- Here ----

install_packages
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi

if [ $mode = quick ]; then
  say "build and unit tests"
  build dev
  run_tests dev -R '^(unit_|fuzz_|check_(layers|listed|format|scripts|docs_links))'
  exit
fi

say "g++: everything, warnings as errors"
build dev
say "the minimal build"
build minimal
test/install/minimal.sh build-minimal

export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
say "all tests under asan"
build asan
build_meanwhile tsan
run_tests asan -LE 'check|mqtt311'
wait "$meanwhile"
say "all tests under tsan"
build_meanwhile bench
run_tests tsan -LE 'check|mqtt311'
wait "$meanwhile"

say "the promised speed"
run_tests bench --verbose

if [ $mode = long ]; then
  corpus=$(mktemp -d)
  trap 'rm -rf "$corpus"' EXIT
  # The decoder is the oldest and the largest; a connection's beginning takes longer for each input. What is apart for the
  # engine's is told in test/fuzz/README.md.
  for target in decoder:10000000 proxy:2000000 websocket:2000000 trace:2000000 engine:10000000; do
    say "fuzzing: ${target%:*}, ${target#*:} inputs"
    build fuzz "${target%:*}_fuzz"
    mkdir "$corpus/${target%:*}"
    options=(-max_len=6000)
    sanitizer=
    if [[ $target == engine:* ]]; then
      options=(-max_len=128 -len_control=0 -entropic=0 -reduce_inputs=0)
      sanitizer=malloc_context_size=1:quarantine_size_mb=1:thread_local_quarantine_size_kb=64
    fi
    ASAN_OPTIONS=$sanitizer "build-fuzz/bin/${target%:*}_fuzz" "-runs=${target#*:}" "${options[@]}" -print_final_stats=1 \
      "$corpus/${target%:*}" "test/fuzz/corpus/${target%:*}"
  done
  say "simulation: every fault put in is found"
  test/simulation/faults.sh
  say "Debian packages, in bare roots"
  if [ -e .git ]; then test/install/packages.sh; else echo "left to the checkout: this is a copy in a root already"; fi
  say "a newcomer's path"
  if [ -e .git ]; then test/install/newcomer.sh; else echo "left to the checkout, too"; fi
  say "another machine: armhf"
  if [ -e .git ]; then test/install/cross.sh armhf; else echo "left to the checkout, too"; fi
  say "publisher and subscriber, killed 200 times each"
  HOLDFAST_KILLS=200 build-dev/bin/integration_store 'a publisher that is killed*'
  HOLDFAST_KILLS=200 build-dev/bin/integration_exactly_once
  say "all tests, twenty times"
  run_tests dev -LE check --repeat until-fail:20
fi

say "all tests and checks"
run_tests dev
