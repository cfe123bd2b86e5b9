#!/usr/bin/env bash
# Our scripts, seen by shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v shellcheck >/dev/null; then
  echo "SKIPPED: shellcheck is not installed"
  exit 77
fi
find .ci/run test samples -type f \( -name '*.sh' -o -path .ci/run \) -print0 | xargs -0 shellcheck --severity=warning
