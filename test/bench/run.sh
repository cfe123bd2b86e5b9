#!/usr/bin/env bash
# Builds the benchmarks optimised and runs one. Needs what test/run.sh installs; what is missing of the peers is left out
# with a word.
#
#   test/bench/run.sh [--quick] [--only GROUP]...   Holdfast beside its peers in everything: a quarter of an hour, or with
#                                                   --quick three minutes. Writes docs/performance.md and its plots.
#   test/bench/run.sh throughput|durability|backlog [ITS OPTIONS]   one of the benchmarks that ctest runs
#   test/bench/run.sh micro [ITS OPTIONS]                           parts alone
#   test/bench/run.sh guard [--record]                              what a message costs in instructions and memory
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
  --* | '') ;;
  *)
    sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
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
# What an idle client takes is the minimal build's to show.
cmake --preset minimal -B build-bench-minimal -DHOLDFAST_BUILD_BENCH=ON -DHOLDFAST_INSTALL=OFF >/dev/null
cmake --build build-bench-minimal --target peer_holdfast >/dev/null
cp build-bench-minimal/bin/peer_holdfast build-bench/bin/peer_holdfast_minimal
rm -f build-bench/bin/peer_rumqttc
if command -v cargo >/dev/null &&
  cargo build --quiet --release --locked --manifest-path test/bench/rumqttc/Cargo.toml --target-dir build-bench/rumqttc; then
  cp build-bench/rumqttc/release/peer_rumqttc build-bench/bin/
fi
build-bench/bin/compare --json build-bench/compare.json "$@"
if command -v python3 >/dev/null; then
  python3 test/bench/performance.py build-bench/compare.json
else
  echo "docs/performance.md was not written: python3 is missing"
fi
