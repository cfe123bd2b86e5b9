#!/usr/bin/env bash
# Every fault of the simulation still fits the code that it is put into: faults.sh there takes too long for every test run.
set -euo pipefail
cd "$(dirname "$0")/../.."

failed=0
for fault in test/simulation/faults/*.patch; do
  if ! patch --dry-run --quiet --batch --strip=1 <"$fault" >/dev/null; then
    echo "$fault does not apply: the code has changed, make the fault anew"
    failed=1
  fi
done
exit $failed
