#!/usr/bin/env bash
# clang-tidy over the library and the samples. Usage: tidy.sh BUILD_DIRECTORY (with a compile_commands.json).
set -euo pipefail
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/../.."
if ! command -v clang-tidy-14 >/dev/null; then
  echo "SKIPPED: clang-tidy-14 is not installed (Debian 13 has none)"
  exit 77
fi
# What this build leaves out (the stand-ins of a build without TLS, say) has no command to be parsed with.
# Tests that run beside it judge time, so it is nice.
find lib samples -name '*.cpp' -print0 |
  while IFS= read -r -d '' file; do
    ! grep -qF "$PWD/$file\"" "$build/compile_commands.json" || printf '%s\0' "$file"
  done |
  nice xargs -0 -P "$(nproc)" -n 2 clang-tidy-14 -p "$build" --quiet 2>/dev/null
echo "clang-tidy has nothing to say"
