#!/usr/bin/env bash
# Every C++ file is as clang-format 14 writes it. Other versions write differently, so without that one it says so.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v clang-format-14 >/dev/null; then
  echo "SKIPPED: clang-format-14 is not installed (Debian 13 has none)"
  exit 77
fi
find include lib samples test \( -name '*.cpp' -o -name '*.hpp' \) -print0 | xargs -0 clang-format-14 --dry-run -Werror
