#!/usr/bin/env bash
# clang-tidy over the library and the samples. Usage: tidy.sh WORK_DIRECTORY
#
# Nearly all of its time goes to what a file includes, so it gets a dozen files of a target as one, as a unity build has them:
# a quarter of the time. They are put into each other's place and not included, since the analyzer looks at the main file
# alone. A finding is told with its place in the joined file; the nearest #line above has the name of the source.
set -euo pipefail
work=$1
cd "$(dirname "$0")/../.."
if ! command -v clang-tidy-14 >/dev/null; then
  echo "SKIPPED: clang-tidy-14 is not installed (Debian 13 has none)"
  exit 77
fi
rm -rf "$work"
cmake --preset dev -B "$work" -DHOLDFAST_BUILD_TESTS=OFF -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 >/dev/null

join() { # FILE: of a unity build.
  sed -n 's/^#include "\(.*\)"$/\1/p' "$1" |
    while IFS= read -r source; do
      printf '#line 1 "%s"\n' "$source"
      cat "$source"
    done >"$1.joined"
  mv "$1.joined" "$1"
}
find "$work" -name 'unity_*.cxx' | while IFS= read -r file; do join "$file"; done

# What this build leaves out (the stand-ins of a build without TLS, say) has no command to be parsed with. Each joined file
# includes what the one before did. Tests that run beside this judge time, so it is nice.
sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$work/compile_commands.json" | tr '\n' '\0' |
  nice xargs -0 -P "$(nproc)" -n 1 clang-tidy-14 -p "$work" --checks=-readability-duplicate-include \
    --extra-arg="-iquote$PWD/samples" --quiet 2>/dev/null
echo "clang-tidy has nothing to say"
