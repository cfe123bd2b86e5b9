#!/usr/bin/env bash
# Every source file is named by a CMakeLists.txt: a file that no build lists is dead. And none has outgrown one job.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0
while read -r file; do
  directory=$(dirname "$file")
  name=$(basename "$file")
  found=0
  while :; do
    if [ -f "$directory/CMakeLists.txt" ] && grep -q "$name" "$directory/CMakeLists.txt"; then
      found=1
      break
    fi
    [ "$directory" = . ] && break
    directory=$(dirname "$directory")
  done
  if [ $found = 0 ] && ! grep -q "$name" lib/cmake/*.cmake; then
    echo "$file: listed by no CMakeLists.txt"
    failed=1
  fi
done < <(git ls-files 'lib/*.cpp' 'samples/*.cpp' 'test/*.cpp' | grep -v '^test/checks/')
while read -r lines file; do
  if [ "$file" != total ] && [ "$lines" -gt 500 ]; then
    echo "$file: $lines lines; split it by responsibility"
    failed=1
  fi
done < <(git ls-files 'lib/*pp' 'include/*pp' 'samples/*pp' | xargs wc -l)
exit $failed
