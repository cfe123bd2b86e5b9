#!/usr/bin/env bash
# Builds the benchmarks optimised and runs them: test/bench/run.sh [OPTIONS OF throughput]. Needs what test/run.sh installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset bench >/dev/null
cmake --build --preset bench --target throughput >/dev/null
exec build-bench/bin/throughput "$@"
