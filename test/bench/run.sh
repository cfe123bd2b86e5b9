#!/usr/bin/env bash
# Builds the benchmarks optimised and runs one: test/bench/run.sh [throughput|durability|backlog] [ITS OPTIONS]; or
# prints how large programs are: test/bench/run.sh sizes. Needs what test/run.sh installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
benchmark=throughput
case ${1:-} in
  sizes) exec test/bench/sizes.sh ;;
  throughput | durability | backlog)
    benchmark=$1
    shift
    ;;
esac
cmake --preset bench >/dev/null
cmake --build --preset bench --target "$benchmark" >/dev/null
exec "build-bench/bin/$benchmark" "$@"
