#!/usr/bin/env bash
# Everything public is documented: Doxygen makes the API reference without a warning. Usage: api_reference.sh [FILE], with
# another header to look at instead of ours.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v doxygen >/dev/null; then
  echo "skipped: doxygen is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  cat docs/Doxyfile
  echo "OUTPUT_DIRECTORY = $work"
  [ $# = 0 ] || echo "INPUT = $1"
} | doxygen - >/dev/null 2>"$work/warnings" || true
if [ -s "$work/warnings" ]; then
  cat "$work/warnings"
  exit 1
fi
[ -e "$work/html/annotated.html" ] || { echo "doxygen made nothing"; exit 1; }
