#!/usr/bin/env bash
# cpack makes three Debian packages, each with what belongs to it and nothing else, and with the packages it needs.
# That they install and work is shown by test/install/packages.sh. Usage: packages.sh BUILD_DIRECTORY (built).
set -euo pipefail
build=$(cd "$1" && pwd)
if ! command -v dpkg-shlibdeps >/dev/null; then
  echo "SKIPPED: dpkg-shlibdeps is not installed (dpkg-dev)"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
complain() {
  echo "$*"
  failed=1
}

# Nobody installs these: packing them well would take the longest.
(cd "$work" && cpack --config "$build/CPackConfig.cmake" -B "$work" -D CPACK_DEBIAN_COMPRESSION_TYPE=none -D CPACK_STRIP_FILES=OFF) \
  >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }

field() { dpkg-deb --field "$1" "$2"; }
holds() { # PACKAGE PATTERN
  dpkg-deb --contents "$1" | awk '{ print $6 }' | grep -qE "^\./usr/$2\$" || complain "$(basename "$1") has no $2"
}
holds_only() { # PACKAGE PATTERN
  local other
  other=$(dpkg-deb --contents "$1" | awk '$6 !~ /\/$/ { print $6 }' |
    grep -vE "^\./usr/($2|share/doc/$(field "$1" Package)/(copyright|changelog.gz))\$" || true)
  [ -z "$other" ] || complain "$(basename "$1") has what does not belong to it: $other"
  holds "$1" "share/doc/$(field "$1" Package)/copyright"
  dpkg-deb --contents "$1" | awk '$2 != "root/root" { exit 1 }' || complain "$(basename "$1"): a file is not root's"
}
needs() { # PACKAGE PATTERN...
  local depends pattern
  depends=$(field "$1" Depends)
  for pattern in "${@:2}"; do
    grep -qE "(^|, )$pattern" <<<"$depends" || complain "$(basename "$1") does not need $pattern, but: $depends"
  done
}

cd "$work"
library=$(ls libholdfast[0-9]*.deb)
development=$(ls libholdfast-dev_*.deb)
tools=$(ls holdfast-tools_*.deb)
version=$(field "$library" Version)
name=$(field "$library" Package)
where='lib(/[a-z0-9_]+-linux-[a-z]+)?'

holds_only "$library" "$where/libholdfast\.so\.[0-9.]+"
needs "$library" libc6 'libstdc\+\+6' libspdlog libmbedtls libwslay libsqlite3
# The package's name has the library's SONAME, so that two versions can be installed side by side.
dpkg-deb --extract "$library" library
soname=$(objdump -p "$(find library -name 'libholdfast.so.*' -type f)" | awk '/SONAME/ { print $2 }')
[ "libholdfast${soname#libholdfast.so.}" = "$name" ] || complain "$name has a library that is called $soname"

holds_only "$development" "(include/holdfast/[a-z_]+\.hpp|$where/libholdfast\.(a|so)|$where/cmake/holdfast/[A-Za-z-]+\.cmake|$where/pkgconfig/holdfast\.pc)"
for file in 'include/holdfast/client\.hpp' "$where/libholdfast\.a" "$where/libholdfast\.so" \
  "$where/cmake/holdfast/holdfastConfig\.cmake" "$where/pkgconfig/holdfast\.pc"; do
  holds "$development" "$file"
done
needs "$development" "$name \(= $version\)" libspdlog-dev libsqlite3-dev libmbedtls-dev libwslay-dev

holds_only "$tools" "(bin/holdfast_[a-z]+|share/man/man1/holdfast_[a-z]+\.1|share/bash-completion/completions/holdfast_[a-z]+|share/zsh/[a-z-]+/_holdfast_[a-z]+)"
for tool in bench pub rr store sub trace; do
  for file in "bin/holdfast_$tool" "share/man/man1/holdfast_$tool\.1" "share/bash-completion/completions/holdfast_$tool" "share/zsh/[a-z-]+/_holdfast_$tool"; do
    holds "$tools" "$file"
  done
done
needs "$tools" "$name \(>= $version\)" libc6 'libstdc\+\+6'
[ $failed != 0 ] || echo "$name $version, libholdfast-dev and holdfast-tools have what belongs to them"
exit $failed
