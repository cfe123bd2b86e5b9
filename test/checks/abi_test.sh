#!/usr/bin/env bash
# abi.sh finds a broken binary interface, and lets one pass that has only more: a library of one function of ours, built with
# a public header as it is, with a member more in the middle of it, and with a function more. Usage: abi_test.sh [COMPILER].
set -euo pipefail
compiler=${1:-c++}
checks=$(cd "$(dirname "$0")" && pwd)
cd "$checks/../.."
if ! command -v abidiff >/dev/null; then
  echo "SKIPPED: abidiff is not installed (abigail-tools)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

library() { # NAME [SOURCE]
  "$compiler" -std=c++20 -g -fPIC -shared -I"$work/$1/include" -Ilib lib/client/message_key.cpp "${@:2}" -o "$work/$1/libholdfast.so"
}
for name in released more broken; do
  mkdir "$work/$name"
  cp -r include "$work/$name"
done
header=include/holdfast/message_key.hpp
echo 'namespace holdfast { int one_more() { return 1; } }' >"$work/one_more.cpp"
sed -i '/^struct MessageKey {/a\  std::uint64_t one_more = 0;' "$work/broken/$header"
if cmp -s "$header" "$work/broken/$header"; then echo "nothing to break in $header"; exit 1; fi
library released
library more "$work/one_more.cpp"
library broken

compare() { # NAME
  "$checks/abi.sh" "$work/released/libholdfast.so" "$work/released/include" "$work/$1/libholdfast.so" "$work/$1/include" >"$work/log" 2>&1
}
compare more || { cat "$work/log"; echo "a function more is told as a break"; exit 1; }
if compare broken; then cat "$work/log"; echo "a member more in MessageKey is not found"; exit 1; fi
grep -q one_more "$work/log" || { cat "$work/log"; echo "the member is not named"; exit 1; }
echo "a broken binary interface is found"
