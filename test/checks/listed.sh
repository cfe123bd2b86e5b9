#!/usr/bin/env bash
# Every source file is named by a CMakeLists.txt above it: a file that no build lists is dead. And no file has outgrown one
# job: 500 lines at most. Usage: listed.sh [ROOT].
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
failed=0
complain() {
  echo "$1"
  failed=1
}

# The path as the nearest CMakeLists.txt above, or one above that, would write it; or the file's stem in a list of subjects
# (`foreach(subject connect ...)` makes connect_test.cpp).
is_listed() { # FILE
  local directory name stem
  directory=$(dirname "$1")
  name=$(basename "$1")
  stem=${name%.cpp}
  stem=${stem%_test}
  while :; do
    if [ -f "$directory/CMakeLists.txt" ]; then
      if grep -qE "(^|[ /(])${name//./\\.}([ )]|$)" "$directory/CMakeLists.txt"; then return 0; fi
      if tr -s '\n' ' ' <"$directory/CMakeLists.txt" | grep -qE "foreach\([a-z]+ ([^)]* )?${stem}[ )]"; then return 0; fi
    fi
    [ "$directory" != . ] || break
    directory=$(dirname "$directory")
  done
  grep -rq "/$name" --include='*.cmake' lib/cmake 2>/dev/null
}

while IFS= read -r file; do
  is_listed "$file" || complain "$file: listed by no CMakeLists.txt"
done < <(find lib samples test -name '*.cpp' | sort)

while read -r lines file; do
  if [ "$file" != total ] && [ "$lines" -gt 500 ]; then complain "$file: $lines lines; split it by responsibility"; fi
done < <(find lib include samples \( -name '*.cpp' -o -name '*.hpp' \) -exec wc -l {} +)
exit $failed
