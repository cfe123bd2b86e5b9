#!/usr/bin/env bash
# Counts what a message costs on its way through the library, and compares with recorded.csv: a figure more than 5 % above
# what is recorded fails, and one more than 5 % below, too, so that what was gained is recorded and cannot be lost unseen.
#
#   guard.sh [--build DIRECTORY] [--record | --profile FIGURE]
#
# --build says where it is built already; else the bench preset is built. --record writes the figures to recorded.csv instead: say
# in the commit why they changed. --profile shows which functions take the instructions of a figure, per message.
#
# Instructions are a compiler's, so they are recorded for each; with one that has none recorded, only allocations and
# memory are compared.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
recorded=$here/recorded.csv

usage() {
  sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

build=
mode=compare
figure=
while [ $# != 0 ]; do
  case $1 in
    --build)
      build=$(cd "${2:?--build: which directory?}" && pwd)
      shift
      ;;
    --record) mode=record ;;
    --profile)
      mode=profile
      figure=${2:?--profile: of which figure? Such as client_receive_qos0}
      shift
      ;;
    *) usage ;;
  esac
  shift
done
command -v valgrind >/dev/null || { echo "guard.sh: no valgrind: test/run.sh installs it" >&2; exit 1; }
if [ -z "$build" ]; then
  cd "$here/../../.."
  cmake --preset bench >/dev/null
  cmake --build --preset bench --target hot_path >/dev/null
  build=$PWD/build-bench
fi
compiler=$(cat "$build/test/bench/guard/compiler")

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# glibc has a memcpy for each generation of processors; so it takes the same one on all.
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512VL,-AVX2,-AVX,-ERMS,-FSRM,-AVX_Fast_Unaligned_Load
valgrind --quiet --tool=callgrind --collect-atstart=no --callgrind-out-file="$directory/callgrind" \
  "$build/bin/hot_path" >"$directory/counted"

# FIGURE MESSAGES KIND TOTAL lines, to which come the instructions: one dump of callgrind a figure.
for dump in "$directory"/callgrind.*; do
  awk '/^desc: Trigger: Client Request:/ { figure = $NF } /^totals:/ { print figure, "instructions", $2 }' "$dump"
done >"$directory/instructions"

if [ $mode = profile ]; then
  dump=$(grep -l "Client Request: $figure$" "$directory"/callgrind.*) || { echo "guard.sh: no figure $figure" >&2; exit 1; }
  messages=$(awk -v figure="$figure" '$1 == figure { print $2; exit }' "$directory/counted")
  # What calls the measured code has all of its instructions, too.
  callgrind_annotate --threshold=100 --auto=no "$dump" | grep -E '^ *[0-9,]+ ' | grep -vE 'libc_start|\(below main\)|ld-linux' |
    awk -v messages="$messages" '{ gsub(",", "", $1); total = $1 / messages; if (total < 1) next; sub(/^[^)]*\) */, "")
      sub(/ \[[^]]*\]$/, ""); printf "%8.1f  %s\n", total, $0 }'
  exit
fi

# COMPILER,FIGURE,KIND,PER MESSAGE
awk -v compiler="$compiler" '
  NR == FNR { messages[$1] = $2; printf "any,%s,%s,%.3f\n", $1, $3, $4 / $2; next }
  { printf "%s,%s,%s,%.1f\n", compiler, $1, $2, $3 / messages[$1] }
' "$directory/counted" "$directory/instructions" | LC_ALL=C sort >"$directory/now.csv"

if [ $mode = record ]; then
  { echo compiler,figure,kind,per message
    { cat "$directory/now.csv"; grep -vE "^(compiler|any|$compiler)," "$recorded" 2>/dev/null || true; } | LC_ALL=C sort
  } >"$directory/recorded.csv"
  mv "$directory/recorded.csv" "$recorded"
  echo "recorded for $compiler in $recorded"
  exit
fi

grep -q "^$compiler," "$recorded" ||
  echo "No instructions are recorded for $compiler: only allocations and memory are compared."

awk -F, -v compiler="$compiler" '
  NR == FNR { if ($1 == "any" || $1 == compiler) recorded[$1 "," $2 "," $3] = $4; if ($1 == compiler) known = 1; next }
  $1 == "any" || known {
    key = $1 "," $2 "," $3
    verdict = ""
    if (!(key in recorded)) { recorded[key] = "-"; verdict = "not recorded" }
    else if ($4 > recorded[key] * 1.05 + 0.0005) verdict = "MORE than recorded"
    else if ($4 < recorded[key] * 0.95 - 0.0005) verdict = "LESS than recorded"
    printf "%-20s %-12s now %10s, recorded %10s  %s\n", $2, $3, $4, recorded[key], verdict
    if (verdict != "") failed = 1
    delete recorded[key]
    next
  }
  { printf "%-20s %-12s now %10s\n", $2, $3, $4 }
  END {
    for (key in recorded) { print key ": recorded, but not counted any more"; failed = 1 }
    if (failed) {
      print "\nA figure is more than 5 % away from what is recorded. Where it has to be, or is better than it was, record it:"
      print "  test/bench/run.sh guard --record, and why in the commit."
    }
    exit failed
  }
' "$recorded" "$directory/now.csv"
