#!/usr/bin/env bash
# The check of the tests that pages name can fail: on a name that is another program's, is not whole, or is read as two for its
# comma, on a program that there is not, and on a page that names none. Usage: docs_tests_test.sh BUILD_DIRECTORY (built).
set -euo pipefail
check=$(cd "$(dirname "$0")" && pwd)/docs_tests.sh
build=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

passes() { # WORDS, on the page
  echo "See \`$1\`." >"$work/page"
  bash "$check" "$build" "$work/page" >"$work/log" 2>&1
}
must_pass() {
  passes "$1" || { cat "$work/log"; exit 1; }
}
must_fail() {
  if passes "$1"; then echo "not found: $1"; exit 1; fi
}

must_pass "integration_replay 'a refused message*'"
must_pass "build-dev/bin/unit_store 'a damaged\, cut or foreign file is refused with a sentence and left as it is'"
must_fail "integration_session 'a refused message*'"
must_fail "integration_replay 'a refused message'"
must_fail "unit_store 'a damaged, cut or foreign file is refused with a sentence and left as it is'"
must_fail "integration_nothing 'a refused message*'"
must_fail "integration_replay"
echo "the check of named tests finds what it should"
