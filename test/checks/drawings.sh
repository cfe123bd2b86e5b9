#!/usr/bin/env bash
# The drawings of the samples' pages are those of their texts. Usage: drawings.sh, or drawings.sh --draw: makes them.
set -euo pipefail
cd "$(dirname "$0")/../../docs/samples/drawings"
failed=0
for text in *.txt; do
  drawing=${text%.txt}.svg
  if [ "${1:-}" = --draw ]; then
    awk -f draw.awk "$text" >"$drawing"
  elif ! awk -f draw.awk "$text" | cmp -s - "$drawing"; then
    echo "docs/samples/drawings/$drawing is not what $text says: test/checks/drawings.sh --draw makes it"
    failed=1
  fi
done
exit $failed
