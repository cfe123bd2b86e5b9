#!/usr/bin/env bash
# Every relative link in README.md, CHANGELOG.md and below docs/, test/ and samples/ leads to a file, and its #anchor to a
# heading there, by the names that GitHub gives them. What looks like a link in code is none. Usage: docs_links.sh [ROOT].
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"
mapfile -t pages < <(find README.md CHANGELOG.md docs test samples -name '*.md')
failed=0
complain() {
  echo "$1"
  failed=1
}

# PAGES...: each link as PAGE TARGET FILE, and a word more where FILE has no heading for its anchor. Lower case is all but
# ASCII's, whatever the language set here.
links() {
  LC_ALL=C awk '
    function resolved(path) {
      while (sub(/^\.\//, "", path) || sub(/\/\.\//, "/", path) || sub(/[^\/.][^\/]*\/\.\.\//, "", path));
      return path
    }
    FNR == 1 { code = 0; directory = FILENAME; sub(/[^\/]*$/, "", directory) }
    /^ *```/ { code = !code }
    code { next }
    /^#+ / {
      name = tolower($0)
      sub(/^#+ +/, "", name)
      gsub(/\]\([^)]*\)|[^a-z0-9_ \200-\377-]/, "", name)
      gsub(/ /, "-", name)
      if (number = count[FILENAME, name]++) name = name "-" number
      headings[FILENAME "#" name]
    }
    {
      gsub(/`[^`]*`/, "")
      for (; match($0, /\]\([^) ]+/); $0 = substr($0, RSTART + RLENGTH)) {
        target = substr($0, RSTART + 2, RLENGTH - 2)
        if (target !~ /^https?:/) found[++last] = FILENAME " " target " " (target ~ /^#/ ? FILENAME target : resolved(directory target))
      }
    }
    END {
      for (i = 1; i <= last; ++i) {
        split(found[i], link)
        file = link[3]
        sub(/#.*/, "", file)
        print link[1], link[2], file, link[2] ~ /#/ && !(link[3] in headings) ? "no-heading" : ""
      }
    }' "$@"
}

count=0
while read -r page target file missing; do
  count=$((count + 1))
  if [ ! -e "$file" ]; then
    complain "$page: the link to $target leads nowhere"
  elif [ -n "$missing" ]; then
    complain "$page: $file has no heading for the link to $target"
  fi
done < <(links "${pages[@]}")
[ $count != 0 ] || complain "no link was found in ${#pages[@]} pages"
[ $failed != 0 ] || echo "$count links of ${#pages[@]} pages lead somewhere"
exit $failed
