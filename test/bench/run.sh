#!/usr/bin/env bash
# Builds the benchmarks optimised and runs one: test/bench/run.sh [throughput|durability|backlog] [ITS OPTIONS]. Needs what
# test/run.sh installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
benchmark=throughput
case ${1:-} in
  throughput | durability | backlog)
    benchmark=$1
    shift
    ;;
esac
cmake --preset bench >/dev/null
cmake --build --preset bench --target "$benchmark" >/dev/null
exec "build-bench/bin/$benchmark" "$@"
