#!/usr/bin/env bash
# clang-tidy over the library and the samples. Usage: tidy.sh BUILD_DIRECTORY (with a compile_commands.json).
#
# Nearly all of its time goes to what a file includes, so it gets a dozen files of a target as one, as a unity build has them:
# two thirds of the time. They are put into each other's place and not included, since the analyzer looks at the main file
# alone. A finding is told with its place in the joined file; the nearest #line above has the name of the source.
set -euo pipefail
build=$(cd "$1" && pwd)
work=$build/tidy
cd "$(dirname "$0")/../.."
if ! command -v clang-tidy-14 >/dev/null; then
  echo "SKIPPED: clang-tidy-14 is not installed (Debian 13 has none)"
  exit 77
fi
rm -rf "$work"
cmake --preset dev -B "$work" -DHOLDFAST_BUILD_TESTS=OFF -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=12 >/dev/null

# What a source includes of its own directory is told by its whole name, since the joined file lies elsewhere.
join() { # FILE: of a unity build.
  sed -n 's/^#include "\(.*\)"$/\1/p' "$1" |
    while IFS= read -r source; do
      printf '#line 1 "%s"\n' "$source"
      awk -v directory="${source%/*}" -F '"' '
        /^#include "/ { file = directory "/" $2; if ((getline first < file) > 0) { close(file); $0 = "#include \"" file "\"" } }
        { print }' "$source"
    done >"$1.joined"
  mv "$1.joined" "$1"
}
find "$work" -name 'unity_*.cxx' | while IFS= read -r file; do join "$file"; done

files() { sed -n 's/^ *"file": "\(.*\)",*$/\1/p' "$1/compile_commands.json"; } # BUILD_DIRECTORY
compiled=$(files "$build" | grep -cE "^($PWD|$build)/(lib|samples)/")
joined=$(find "$work" -name 'unity_*.cxx' -exec cat {} + | grep -c '^#line 1 "')
alone=$(files "$work" | grep -vc /Unity/)
if [ "$((joined + alone))" != "$compiled" ]; then
  echo "of $compiled files $joined were joined and $alone left alone: does CMake write its unity files otherwise?"
  exit 1
fi

# The analyzer follows a function for 225,000 steps unless told less; what it says of ours it says in the first 40,000, and
# the rest was two thirds of the time.
steps=(--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=40000)
# What this build leaves out (the stand-ins of a build without TLS, say) has no command to be parsed with. Tests that run
# beside this judge time, so it is nice.
files "$work" | tr '\n' '\0' |
  nice xargs -0 -P "$(nproc)" -n 1 clang-tidy-14 -p "$work" --config-file=.clang-tidy --quiet "${steps[@]}" 2>/dev/null
echo "clang-tidy has nothing to say"
