#!/usr/bin/env bash
# Shows that the simulation finds bugs: puts each fault of faults/ into a copy of the tree, one at a time, and demands that
# the simulation fails. Usage: faults.sh [--seeds N] [FAULT...], where a FAULT is the name of a patch without its ending.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
seeds=20000
if [ "${1:-}" = --seeds ]; then
  seeds=$2
  shift 2
fi
faults=("$@")
if [ ${#faults[@]} = 0 ]; then
  for patch in test/simulation/faults/*.patch; do faults+=("$(basename "$patch" .patch)"); done
fi

tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
git ls-files -z | xargs -0 cp --parents -t "$tree" 2>/dev/null || true # What was deleted and not committed is not there.
cd "$tree"

build() { cmake --build "$tree/build" --target simulation >"$tree/build.log" 2>&1; }
# Without sanitizers, but with assertions: they are part of what finds a fault.
cmake -S "$tree" -B "$tree/build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS=-O1 -DHOLDFAST_BUILD_TESTS=ON \
  -DHOLDFAST_BUILD_SAMPLES=OFF >/dev/null
if ! build || ! build/bin/simulation --seeds 200 >"$tree/run.log" 2>&1; then
  tail -n 20 "$tree/build.log" "$tree/run.log"
  echo "the tree fails without a fault"
  exit 1
fi

missed=0
printf '%-28s %s\n' fault 'caught by'
for fault in "${faults[@]}"; do
  patch --quiet -p1 <"$root/test/simulation/faults/$fault.patch"
  if ! build; then
    tail -n 20 "$tree/build.log"
    verdict="DOES NOT BUILD"
    missed=1
  else
    status=0
    # A faulty program may want all the memory there is.
    (ulimit -v 2000000 && exec timeout 300 build/bin/simulation --seeds "$seeds") >"$tree/run.log" 2>&1 || status=$?
    verdict=$(sed -n 's/^FAILED: //p' "$tree/run.log")
    case $status in
      0) verdict="MISSED in $seeds seeds" missed=1 ;;
      124) verdict="DOES NOT END" missed=1 ;;
      *) verdict=${verdict:-"a crash, status $status"} ;;
    esac
  fi
  printf '%-28s %s\n' "$fault" "$verdict"
  patch --quiet -p1 -R <"$root/test/simulation/faults/$fault.patch"
done
exit $missed
