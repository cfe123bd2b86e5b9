#!/usr/bin/env bash
# Installs, builds and runs every test. On a bare Debian 12 or 13, as root or with sudo, nothing is needed before it.
#
#   test/run.sh           everything: both compilers, all tests, sanitizers, checks, benchmark (under 30 minutes on 2 cores)
#   test/run.sh --quick   for the inner loop: one build, unit tests, and the checks that take no time
#   test/run.sh --long    everything, then the campaigns: 10 million fuzzed inputs, faults put in, 200 kills, all tests twenty times
set -euo pipefail
cd "$(dirname "$0")/.."
exec </dev/null

mode=full
case ${1:-} in
  "") ;;
  --quick) mode=quick ;;
  --long) mode=long ;;
  *)
    sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

install_packages() {
  local packages=(g++ cmake ninja-build libspdlog-dev libsqlite3-dev catch2 libcli11-dev nlohmann-json3-dev mosquitto mosquitto-clients
    procps)
  if [ "$mode" != quick ]; then
    packages+=(clang clang-tidy-14 clang-format-14 libmosquitto-dev libpaho-mqtt-dev shellcheck)
  fi
  [ $mode != long ] || packages+=(libclang-rt-dev)
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} != 0 ] || return 0
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  # Debian 13 has newer clangs only: what is not there is left out, and the checks that need it say so.
  local available=()
  for package in "${missing[@]}"; do
    if apt-cache show "$package" >/dev/null 2>&1; then available+=("$package"); else echo "not in this Debian: $package"; fi
  done
  [ ${#available[@]} != 0 ] || return 0
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${available[@]}" >/dev/null
}

build() { # PRESET [TARGETS]
  cmake --preset "$1" >/dev/null
  cmake --build --preset "$1" ${2:+--target "${@:2}"} -- --quiet
}

# Nothing is tried again: what fails once in twenty runs is a failure.
run_tests() { # PRESET [CTEST ARGUMENTS]
  local preset=$1
  shift
  ctest --preset "$preset" --timeout 600 -j 2 "$@"
}

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
say "clang: the same"
build clang
say "the minimal build"
build minimal

export ASAN_OPTIONS=detect_stack_use_after_return=1 UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=halt_on_error=1
for sanitizers in asan tsan; do
  say "all tests under $sanitizers"
  build $sanitizers
  run_tests $sanitizers -LE check
done

say "the promised speed"
build bench
run_tests bench --verbose

if [ $mode = long ]; then
  say "fuzzing: 10 million inputs to the decoder, 200,000 each to the proxies and to WebSocket"
  build fuzz decoder_fuzz proxy_fuzz websocket_fuzz
  corpus=$(mktemp -d)
  trap 'rm -rf "$corpus"' EXIT
  mkdir "$corpus"/{decoder,proxy,websocket}
  build-fuzz/bin/decoder_fuzz -runs=10000000 -max_len=6000 -print_final_stats=1 "$corpus/decoder" test/fuzz/corpus/decoder
  build-fuzz/bin/proxy_fuzz -runs=200000 -max_len=2000 -print_final_stats=1 "$corpus/proxy" test/fuzz/corpus/proxy
  build-fuzz/bin/websocket_fuzz -runs=200000 -max_len=2000 -print_final_stats=1 "$corpus/websocket" test/fuzz/corpus/websocket
  say "simulation: every fault put in is found"
  test/simulation/faults.sh
  say "publisher and subscriber, killed 200 times each"
  HOLDFAST_KILLS=200 build-dev/bin/integration_store 'a publisher that is killed*'
  HOLDFAST_KILLS=200 build-dev/bin/integration_exactly_once
  say "all tests, twenty times"
  run_tests dev -LE check --repeat until-fail:20
fi

say "all tests and checks"
run_tests dev
