#!/usr/bin/env bash
# Every test that a page names, as PROGRAM 'ITS NAME', is run by that: the program is asked with the page's words which tests they
# stand for. Usage: docs_tests.sh BUILD_DIRECTORY [PAGE...], default all pages, and test/run.sh.
set -euo pipefail
build=$(cd "$1" && pwd)
shift
cd "$(dirname "$0")/../.."
if [ $# = 0 ]; then
  mapfile -t pages < <(find README.md docs test -name '*.md')
  set -- "${pages[@]}" test/run.sh
fi
failed=0
complain() {
  echo "$1"
  failed=1
}

count=0
while read -r program words; do
  count=$((count + 1))
  # What it ends with is no failure: Catch2 version 2 counts the tests by it.
  listed=$("$build/bin/$program" --list-tests "${words//\'/}") || true
  grep -qE '^[1-9][0-9]* matching test' <<<"$listed" || complain "$program has no test of the name $words"
done < <(grep -hoE "\b(unit|integration|conformance)_[a-z0-9_]+ '[^']+'" "$@")
[ $count != 0 ] || complain "no test is named in $*"
[ $failed != 0 ] || echo "the $count tests that the pages name can be run so"
exit $failed
