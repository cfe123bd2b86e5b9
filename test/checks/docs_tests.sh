#!/usr/bin/env bash
# Every test that a page names, as `PROGRAM 'its name'`, exists. Usage: docs_tests.sh [PAGE...], default all of docs/.
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ $# = 0 ]; then set -- docs/*.md docs/*/*.md; fi
failed=0
names=$(mktemp)
trap 'rm -f "$names"' EXIT
# A long name stands in several pieces.
find test -name '*_test.cpp' -exec cat {} + | tr -d '\n' | sed 's/" *"//g' | grep -oE '(TEST_CASE|SCENARIO)\("[^"]+"' |
  sed 's/^[^"]*"//; s/"$//' >"$names"
while IFS= read -r named; do
  name=${named#*\'}
  name=${name%\'*}
  # Programs read * as any end of a name.
  if [[ $name == *\* ]]; then found=$(grep -cF -- "${name%\*}" "$names" || true); else found=$(grep -cxF -- "$name" "$names" || true); fi
  if [ "$found" = 0 ]; then
    echo "no test has the name: $name"
    failed=1
  fi
done < <(grep -hoE "\`(build-dev/bin/)?(unit|integration|conformance)_[a-z0-9_]+ '[^']+'\`" "$@")
exit $failed
