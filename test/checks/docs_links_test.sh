#!/usr/bin/env bash
# The check of links can fail: on a file and on a heading that are not there. It takes what GitHub takes.
set -euo pipefail
check=$(cd "$(dirname "$0")" && pwd)/docs_links.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/docs/pages "$tree"/{test,samples}
touch "$tree/CHANGELOG.md" "$tree/docs/page.cpp"
cat >"$tree/docs/page.md" <<'END'
# Wait, `and` see: it_goes on
## Twice
## Twice
```sh
# A comment
[](no)
```
[Up](#twice), not `[](up)`.
END

write() { echo "See [there]($1)." >"$tree/docs/pages/one.md"; echo "And [the page]($2)." >"$tree/README.md"; }
passes() { bash "$check" "$tree" >"$tree/log"; }
must_pass() { # LINK, of docs/pages/one.md
  write "$1" docs/page.md
  passes || { cat "$tree/log"; exit 1; }
}
must_fail() { # LINK
  write "$1" docs/page.md
  if passes; then echo "not found: a link to $1"; exit 1; fi
}

for link in ../page.md ../page.cpp .. https://example.com/nowhere '../page.md#wait-and-see-it_goes-on' '../page.md#twice' '../page.md#twice-1' \
  '../../docs/page.md#twice'; do must_pass "$link"; done
for link in page.md ../pages.md ../../../README.md '../page.md#wait' '../page.md#Twice' '../page.md#twice-2' '../page.md#a-comment' \
  '#twice'; do must_fail "$link"; done
write ../page.md '#twice'
if passes; then echo "not found: a heading of another page"; exit 1; fi
rm "$tree/docs/page.md"
echo "no links here" | tee "$tree/README.md" >"$tree/docs/pages/one.md"
if passes; then echo "passed: pages without a link"; exit 1; fi
echo "the check of links finds what it should"
