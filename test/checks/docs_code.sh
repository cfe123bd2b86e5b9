#!/usr/bin/env bash
# The code in README.md and docs/ compiles. ```cpp is ours: a block that has a main is a program; any other is the inside of a
# function that has a `holdfast::Client& client`. ```c and ```c++ are what users of other libraries have: programs in C, and the
# inside of a function in C++. Usage: docs_code.sh [COMPILER [PAGE...]]: pages that are named have to have some of ours; or
# docs_code.sh --program PAGE: prints its first program.
set -euo pipefail
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# PAGE: writes each block to $work/blocks/PAGE/LINE.LANGUAGE, with line numbers that lead back to the page. A fence that nobody
# knows would take its block away unseen.
extract() {
  mkdir -p "$work/blocks/$1"
  awk -v directory="$work/blocks/$1" '
    !/^ *(```|~~~)/ { if (file) print >file; next }
    fenced { if (file) close(file); fenced = 0; file = ""; next }
    {
      fenced = 1
      language = $0
      sub(/^ *```/, "", language)
      if (language ~ /^(sh|rust)$/) next
      if (language !~ /^(cpp|c|c\+\+)$/) { printf "%s:%d: nothing compiles what is fenced so: %s\n", FILENAME, FNR, $0; exit 1 }
      file = sprintf("%s/%04d.%s", directory, FNR, language)
      printf "#line %d \"%s\"\n", FNR + 1, FILENAME >file
    }' "$1" >&2
}
blocks() { find "$work/blocks/${2:-}" -name "*.$1" | sort; } # LANGUAGE [PAGE]

if [ "${1:-}" = --program ]; then
  extract "$2"
  mapfile -t programs < <(blocks cpp | xargs -r grep -l 'int main')
  [ ${#programs[@]} != 0 ] || { echo "$2 has no program" >&2; exit 1; }
  sed 1d "${programs[0]}"
  exit
fi

must_have() { # PAGE LANGUAGE...
  local language
  extract "$1"
  for language in "${@:2}"; do
    [ -n "$(blocks "$language" "$1")" ] || { echo "$1: no code is found that is fenced as $language"; exit 1; }
  done
}

compile_ours() {
  local fragments=$work/fragments.cpp block count=0
  printf '#include <%s>\n' iostream thread poll.h holdfast/client.hpp holdfast/store_file.hpp >"$fragments"
  echo 'using namespace std::chrono_literals;' >>"$fragments"
  while IFS= read -r block; do
    count=$((count + 1))
    if grep -q 'int main' "$block"; then
      "$compiler" -std=c++20 -Wall -Wextra -Werror -Iinclude -fsyntax-only "$block"
    else
      { echo "[[maybe_unused]] static void fragment_$count([[maybe_unused]] holdfast::Client& client) {"; cat "$block"; echo "}"; } >>"$fragments"
    fi
  done < <(blocks cpp)
  "$compiler" -std=c++20 -Iinclude -fsyntax-only "$fragments"
  echo "$count blocks of code in the docs compile"
}

compile_theirs() {
  local header block count=0
  [ -n "$(blocks c)$(blocks c++)" ] || return 0
  for header in mosquitto.h MQTTAsync.h mqtt/async_client.h; do
    printf '#if !__has_include(<%s>)\n#error\n#endif\n' "$header" | "$compiler" -x c++ -E - >/dev/null 2>&1 ||
      { echo "SKIPPED: what is there of other libraries; $header is not installed"; exit 77; }
  done
  while IFS= read -r block; do
    count=$((count + 1))
    "$compiler" -x c -std=c11 -Wall -Werror -fsyntax-only "$block"
  done < <(blocks c)
  while IFS= read -r block; do
    count=$((count + 1))
    { echo '#include <mqtt/async_client.h>'; echo 'void fragment() {'; cat "$block"; echo '}'; } |
      "$compiler" -x c++ -std=c++20 -Wall -Werror -fsyntax-only -
  done < <(blocks c++)
  echo "and $count of other libraries"
}

compiler=${1:-c++}
if [ $# -gt 1 ]; then
  for page in "${@:2}"; do must_have "$page" cpp; done
else
  for page in docs/*.md docs/*/*.md; do extract "$page"; done
  for page in README.md docs/{cluster,getting-started,guide,trace}.md; do must_have "$page" cpp; done
  must_have docs/migrating.md cpp c c++
fi
compile_ours
compile_theirs
