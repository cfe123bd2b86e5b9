#!/usr/bin/env bash
# The check of the API reference finds what is not documented.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#pragma once\n/// A pump.\nstruct Pump {\n  int rate = 0;\n};\n' >"$work/pump.hpp"
status=0
bash "$here/api_reference.sh" "$work/pump.hpp" >"$work/found" || status=$?
if [ $status = 77 ]; then cat "$work/found"; exit 77; fi
grep -q 'rate' "$work/found" || { echo "a member without a word was not found"; exit 1; }
[ $status = 1 ] || { echo "it was found and is no failure"; exit 1; }
