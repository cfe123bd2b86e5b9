#!/usr/bin/env bash
# Every relative link in README.md and docs/ leads to a file. A lambda in a block of code is none.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0
while IFS= read -r hit; do
  page=${hit%%:*}
  target=${hit#*](}
  target=${target%%[#)]*}
  case $target in "" | http://* | https://*) continue ;; esac
  if [ ! -e "$(dirname "$page")/$target" ]; then
    echo "$page: the link to $target leads nowhere"
    failed=1
  fi
done < <(find README.md CHANGELOG.md docs test samples -name '*.md' -print0 |
  xargs -0 awk 'FNR == 1 { code = 0 } /^```/ { code = !code; next } !code { print FILENAME ":" $0 }' |
  grep -oE '^[^:]+:|\]\([^)]+\)' | awk '/:$/ && !/^\]/ { page = $0; next } { print page $0 }')
exit $failed
