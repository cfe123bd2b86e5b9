#!/usr/bin/env bash
# Builds the benchmarks optimised and runs one. Needs what test/run.sh installs; what is missing of the peers is left out
# with a word.
#
#   test/bench/run.sh [--quick] [--only GROUP]...   Holdfast beside its peers in everything: half an hour, or with --quick
#                                                   some eight minutes. Writes docs/performance.md and its plots.
#   test/bench/run.sh throughput|durability|backlog [ITS OPTIONS]   one of the benchmarks that ctest runs
#   test/bench/run.sh micro [ITS OPTIONS]                           parts alone
#   test/bench/run.sh guard [--record]                              what a message costs in instructions and memory
#   test/bench/run.sh profile [--with TOOL] PEER MEASUREMENT [NAME=VALUE]...   where the time goes: see profile.sh
#   test/bench/run.sh sizes                                         how large programs are
#
# Boost 1.88 where CMake does not find it: CMAKE_INCLUDE_PATH=DIRECTORY test/bench/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
benchmark=compare
case ${1:-} in
  sizes) exec test/bench/sizes.sh ;;
  guard) exec test/bench/guard/guard.sh "${@:2}" ;;
  throughput | durability | backlog | micro)
    benchmark=$1
    shift
    ;;
  profile | --* | '') ;;
  *)
    sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
cmake --preset bench >/dev/null
if [ "$benchmark" != compare ]; then
  cmake --build --preset bench --target "$benchmark" >/dev/null
  exec "build-bench/bin/$benchmark" "$@"
fi

cmake --build --preset bench >/dev/null
if [ "${1:-}" = profile ]; then exec test/bench/profile.sh "${@:2}"; fi
take() { cp "$1" "build-bench/bin/$2"; } # PROGRAM NAME
# What an idle client takes is the minimal build's to show.
cmake --preset minimal -B build-bench-minimal -DHOLDFAST_BUILD_BENCH=ON -DHOLDFAST_INSTALL=OFF >/dev/null
cmake --build build-bench-minimal --target peer_holdfast >/dev/null
take build-bench-minimal/bin/peer_holdfast peer_holdfast_minimal
build_rumqttc() { # NAME [ARGUMENTS]
  cargo build --quiet --release --locked --manifest-path test/bench/rumqttc/Cargo.toml --target-dir "build-bench/$1" "${@:2}" &&
    take "build-bench/$1/release/peer_rumqttc" "peer_$1"
}
rm -f build-bench/bin/peer_rumqttc{,_tls}
if command -v cargo >/dev/null && build_rumqttc rumqttc; then build_rumqttc rumqttc_tls --features tls || true; fi
# The page shows what of it failed, so it is made all the same.
code=0
rm -f build-bench/compare.json
build-bench/bin/compare --json build-bench/compare.json "$@" || code=$?
if [ ! -e build-bench/compare.json ]; then exit $code; fi
if command -v python3 >/dev/null; then
  python3 test/bench/performance.py build-bench/compare.json
else
  echo "docs/performance.md was not written: python3 is missing"
fi
exit $code
