#!/usr/bin/env bash
# The binary interface is that of the last release, or only more of it, as docs/packaging/README.md promises within a minor
# version. Usage: abi.sh: builds the last release tag and this tree (minutes); or abi.sh OLD_LIBRARY OLD_HEADERS NEW_LIBRARY
# NEW_HEADERS, of builds with debug information.
set -euo pipefail
skip() {
  echo "SKIPPED: $*"
  exit 77
}
command -v abidiff >/dev/null || skip "abidiff is not installed (abigail-tools)"

compare() { # OLD_LIBRARY OLD_HEADERS NEW_LIBRARY NEW_HEADERS
  local result=0
  abidiff --no-added-syms --no-unreferenced-symbols --drop-private-types \
    --headers-dir1 "$2" --headers-dir2 "$4" "$1" "$3" || result=$?
  # Bits: 1 and 2 an error of the tool or of ours, 4 a change, 8 a change that surely breaks.
  if [ $((result & 3)) != 0 ]; then
    echo "abidiff could not compare $1 and $3"
  elif [ $result != 0 ]; then
    echo "the binary interface changed: give it a new minor version, or take the change back"
  else
    echo "the binary interface has not changed, apart from what is new"
  fi
  return $result
}

if [ $# = 4 ]; then
  compare "$@"
  exit
fi

cd "$(dirname "$0")/../.."
repository=(git -c safe.directory='*')
tag=$("${repository[@]}" describe --tags --abbrev=0 --match 'v[0-9]*' 2>/dev/null) || skip "there is no release tag yet to compare with"
minor() { sed -nE 's/^project\(holdfast VERSION ([0-9]+\.[0-9]+).*/\1/p' "$1/CMakeLists.txt"; }
work=$PWD/build-abi
rm -rf "${work:?}/$tag"
mkdir -p "$work/$tag"
"${repository[@]}" archive "$tag" | tar --extract --directory "$work/$tag"
if [ "$(minor "$work/$tag")" != "$(minor .)" ]; then
  echo "$tag has another minor version: its binary interface need not be kept"
  exit
fi
for tree in "$work/$tag" "$PWD"; do
  build=$work/build-$(basename "$tree")
  cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DHOLDFAST_BUILD_SAMPLES=OFF >/dev/null
  cmake --build "$build" --target holdfast_shared -- --quiet
done
compare "$work/build-$tag/lib/libholdfast.so" "$work/$tag/include" "$work/build-$(basename "$PWD")/lib/libholdfast.so" include
