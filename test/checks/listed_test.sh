#!/usr/bin/env bash
# The check of listed files can fail: on a file that no CMakeLists.txt names, and on a file of 501 lines.
set -euo pipefail
check=$(cd "$(dirname "$0")" && pwd)/listed.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{lib/wire,include,samples,test/unit}
echo 'target_sources(holdfast_wire PRIVATE reader.cpp)' >"$tree/lib/wire/CMakeLists.txt"
echo 'foreach(subject topic reader)' >"$tree/test/unit/CMakeLists.txt"
touch "$tree"/lib/wire/reader.cpp "$tree"/test/unit/{topic,reader}_test.cpp
seq 500 >"$tree/include/long.hpp"

passes() { bash "$check" "$tree" >/dev/null; }
passes || { bash "$check" "$tree"; exit 1; }
for dead in lib/wire/er.cpp lib/wire/writer.cpp test/unit/writer_test.cpp; do
  touch "$tree/$dead"
  if passes; then echo "not found: $dead, which nothing lists"; exit 1; fi
  rm "$tree/$dead"
done
echo 501 >>"$tree/include/long.hpp"
if passes; then echo "not found: a file of 501 lines"; exit 1; fi
echo "the check of listed files finds what it should"
