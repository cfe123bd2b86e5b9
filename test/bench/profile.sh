#!/usr/bin/env bash
# Where the time of one contestant goes in one measurement against the sink: built by test/bench/run.sh profile.
#
#   profile.sh [--with perf|callgrind|massif|strace] PEER MEASUREMENT [NAME=VALUE]...
#
# perf (the default) samples user and kernel; callgrind counts instructions, massif the heap, strace the time in system
# calls. PEER is holdfast, libmosquitto ... (peer_NAME); MEASUREMENT and its values are those of peer_main.cpp, such as
#
#   profile.sh holdfast receive qos=0 size=65536 messages=20000
#   profile.sh --with strace holdfast round_trip qos=1 messages=5000
#   profile.sh --with massif holdfast_minimal idle
set -euo pipefail
bin=$(cd "$(dirname "$0")/../.." && pwd)/build-bench/bin
with=perf
if [ "${1:-}" = --with ]; then
  with=${2:-}
  shift 2
fi
if [ $# -lt 2 ]; then
  sed -n '2,11s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
out=$directory/out

profile() { # TOOL WITH ARGUMENTS -- CONTESTANT WITH ARGUMENTS
  local under=() tool
  tool=$(command -v "$1") || { echo "profile.sh: $1 is not installed" >&2; exit 1; }
  shift
  under=(--under "$tool")
  while [ "$1" != -- ]; do
    under+=(--under "$1")
    shift
  done
  shift
  "$bin/profile" "${under[@]}" "$@"
}

case $with in
  perf)
    # Not cycles: a virtual machine seldom counts them.
    profile perf record --quiet -e cpu-clock -F 4000 -g -o "$out" -- "$@"
    perf report -i "$out" --stdio --no-children -g none --sort dso,symbol --percent-limit 0.7 2>/dev/null |
      grep -E '^ +[0-9]' | sed 's/[- ]*$//'
    ;;
  callgrind)
    profile valgrind --quiet --tool=callgrind "--callgrind-out-file=$out" -- "$@"
    callgrind_annotate --auto=no "$out" | grep -E '^ *[0-9,]+ ' | head -40
    ;;
  massif)
    profile valgrind --quiet --tool=massif "--massif-out-file=$out" -- "$@"
    ms_print "$out" | grep -E -A 40 '^99\.|^100\.' | tail -60
    ;;
  strace)
    profile strace -f -c -w -o "$out" -- "$@"
    head -15 "$out"
    ;;
  *)
    echo "profile.sh: --with perf, callgrind, massif or strace, not \"$with\"" >&2
    exit 2
    ;;
esac
