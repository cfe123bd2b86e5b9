#!/usr/bin/env bash
# The code in README.md and docs/ compiles. ```cpp is ours: a block that has a main is a program; any other is the inside of a
# function that has a `holdfast::Client& client`. ```c, ```c++ and ```rust are what users of other libraries have: programs in C,
# and the inside of a function in C++ and Rust. Usage: docs_code.sh [COMPILER [PAGE...]]: pages that are named have to have some of
# ours; or docs_code.sh --program PAGE: prints its first program. CARGO_TARGET_DIR keeps what cargo has compiled.
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
      if (language == "sh") next
      if (language !~ /^(cpp|c|c\+\+|rust)$/) { printf "%s:%d: nothing compiles what is fenced so: %s\n", FILENAME, FNR, $0; exit 1 }
      file = sprintf("%s/%04d.%s", directory, FNR, language)
      if (language != "rust") printf "#line %d \"%s\"\n", FNR + 1, FILENAME >file
      else for (line = 1; line <= FNR; ++line) print "" >file
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

# With the rumqttc of the benchmark. Where an empty program does not compile with it either, it is not for the page to be mended.
compile_rust() {
  local rust block count=0 crate=$work/crate
  mapfile -t rust < <(blocks rust)
  [ ${#rust[@]} != 0 ] || return 0
  mkdir -p "$crate/src"
  cp test/bench/rumqttc/Cargo.{toml,lock} "$crate"
  echo '#![allow(dead_code, unused_variables)] fn main() {}' >"$crate/src/main.rs"
  check_crate "$crate" 2>"$work/cargo.log" ||
    { echo "Rust is left out: cargo, or rumqttc, cannot be had ($(head -n 1 "$work/cargo.log"))"; return 0; }
  for block in "${rust[@]}"; do
    # Into the first of the empty lines that stand for what is above it on the page.
    sed -i '1s/^/use rumqttc::v5::{mqttbytes::QoS, Client, ClientError, MqttOptions}; fn fragment() -> Result<(), ClientError> {/' "$block"
    echo 'Ok(()) }' >>"$block"
    echo "#[path = \"$block\"] mod fragment_$((++count));" >>"$crate/src/main.rs"
  done
  check_crate "$crate"
  echo "and ${#rust[@]} of rumqttc"
}
check_crate() { # DIRECTORY
  CARGO_NET_RETRY=0 cargo check --quiet --locked --manifest-path "$1/Cargo.toml" --target-dir "${CARGO_TARGET_DIR:-$work/target}"
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
  must_have docs/migrating.md cpp c c++ rust
fi
compile_ours
compile_rust
compile_theirs
