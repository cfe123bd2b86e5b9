#!/usr/bin/env bash
# The drawings of the samples' pages are those of their texts, and the guide's, drawn by hand, is to scale and has the
# guide's times. Usage: drawings.sh, or drawings.sh --draw: makes those of the samples.
set -euo pipefail
cd "$(dirname "$0")/../../docs"
failed=0
for text in samples/drawings/*.txt; do
  drawing=${text%.txt}.svg
  if [ "${1:-}" = --draw ]; then
    awk -f samples/drawings/draw.awk "$text" >"$drawing"
  elif ! awk -f samples/drawings/draw.awk "$text" | cmp -s - "$drawing"; then
    echo "docs/$drawing is not what $text says: test/checks/drawings.sh --draw makes it"
    failed=1
  fi
done

# Each time of it, by the place where it is written.
times() {
  grep -oE '<text x="[0-9]+"[^>]*>[0-9]+ s<' "$1" | sed -E 's/<text x="([0-9]+)".*>([0-9]+) s</\1 \2/'
}
edges() {
  grep -oE '<rect x="[0-9]+" y="[0-9]+" width="[0-9]+"' "$1" | awk -F'"' '{ print $2; print $2 + $6 }'
}
expiry=drawings/session_expiry.svg
told=$(grep -F "($expiry)" guide.md) || { echo "docs/guide.md does not show $expiry" && exit 1; }
while read -r place seconds; do
  # Amid what takes that time: two units a second.
  for edge in $((place - seconds)) $((place + seconds)); do
    if ! edges $expiry | grep -qx "$edge"; then
      echo "docs/$expiry: $seconds s is not between two edges that are $((2 * seconds)) apart"
      failed=1
    fi
  done
  if ! grep -qw "$seconds s" <<<"$told"; then
    echo "docs/$expiry: the guide's words for it have no $seconds s: $told"
    failed=1
  fi
done < <(times $expiry)
if [ "$(times $expiry | wc -l)" != "$(grep -oE '[0-9]+ s\b' <<<"$told" | wc -l)" ]; then
  echo "docs/$expiry has not as many times as the guide's words for it: $told"
  failed=1
fi
exit $failed
