#!/usr/bin/env bash
# Builds the benchmarks optimised and runs one: test/bench/run.sh [throughput|durability|backlog|micro] [ITS OPTIONS]; or
# prints how large programs are: test/bench/run.sh sizes; or counts what a message costs: test/bench/run.sh guard [--record].
# Needs what test/run.sh installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
benchmark=throughput
case ${1:-} in
  sizes) exec test/bench/sizes.sh ;;
  guard) exec test/bench/guard/guard.sh "${@:2}" ;;
  throughput | durability | backlog | micro)
    benchmark=$1
    shift
    ;;
esac
cmake --preset bench >/dev/null
cmake --build --preset bench --target "$benchmark" >/dev/null
exec "build-bench/bin/$benchmark" "$@"
