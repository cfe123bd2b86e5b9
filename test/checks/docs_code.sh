#!/usr/bin/env bash
# The C++ in README.md and docs/ compiles. A block that has a main is a program; any other is the inside of a function that
# has a `holdfast::Client& client`. Usage: docs_code.sh [COMPILER], or docs_code.sh --program PAGE: prints its first program.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# PAGE DIRECTORY: writes each block to DIRECTORY/NUMBER.cpp, with line numbers that lead back to the page.
extract() {
  awk -v page="$1" -v directory="$2" '
    /^```cpp/ { block = 1; file = sprintf("%s/%03d.cpp", directory, NR); printf "#line %d \"%s\"\n", NR + 1, page >file; next }
    /^```/    { if (block) close(file); block = 0; next }
    block     { print >file }' "$1"
}

if [ "${1:-}" = --program ]; then
  extract "$2" "$work"
  grep -l 'int main' "$work"/*.cpp | head -1 | xargs sed 1d
  exit
fi

compiler=${1:-c++}
fragments=$work/fragments.cpp
printf '#include <iostream>\n#include <thread>\n#include <poll.h>\n#include <holdfast/client.hpp>\n#include <holdfast/store_file.hpp>\nusing namespace std::chrono_literals;\n' >"$fragments"
count=0
for page in README.md docs/*.md docs/*/*.md; do
  [ -f "$page" ] || continue
  rm -rf "$work/blocks"
  mkdir "$work/blocks"
  extract "$page" "$work/blocks"
  for block in "$work"/blocks/*.cpp; do
    [ -f "$block" ] || continue
    count=$((count + 1))
    if grep -q 'int main' "$block"; then
      "$compiler" -std=c++20 -Wall -Wextra -Werror -Iinclude -fsyntax-only "$block"
    else
      { echo "[[maybe_unused]] static void fragment_$count([[maybe_unused]] holdfast::Client& client) {"; cat "$block"; echo "}"; } >>"$fragments"
    fi
  done
done
"$compiler" -std=c++20 -Iinclude -fsyntax-only "$fragments"
echo "$count blocks of code in the docs compile"
