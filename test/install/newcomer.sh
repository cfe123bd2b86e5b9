#!/usr/bin/env bash
# docs/getting-started.md leads a new user of a bare Debian from nothing to messages that survive kill -9. What is run are the
# page's own commands, in their order. Prints after how many seconds each step was reached. Needs root, debootstrap, iproute2
# and the network.
#
#   test/install/newcomer.sh [SUITE]    bookworm, if none is named
set -euo pipefail
cd "$(dirname "$0")/../.."
exec </dev/null
if [ "$(id -u)" != 0 ]; then exec sudo "$0" "$@"; fi
# shellcheck source=test/support/root.sh
. test/support/root.sh

page=docs/getting-started.md
suite=${1:-bookworm}
root=build-root-$suite-newcomer
home=$root/home/newcomer
trap 'rm -rf "$root"' EXIT

# The commands of the page's block whose first line matches. Without what they print, and without the question that -y answers.
block() { # PATTERN
  awk -v first="^    $1" '
    !inside && $0 ~ first { inside = 1 }
    inside && !/^    / { exit }
    inside { print substr($0, 5) }' $page | grep -vxE 'safe|delivered' | sed 's/apt-get install/& -y/'
}
reached() { printf '%5d s  %s\n' "$SECONDS" "$*"; }

make_bare_root "$suite"
rm -rf "$root"
cp -a "build-root-$suite-bare" "$root"
prepare_root "$root"
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
chroot "$root" useradd --create-home --shell /bin/bash newcomer
copy_sources "$home/holdfast"
mkdir "$home/pump"
block cmake_minimum_required >"$home/pump/CMakeLists.txt"
test/checks/docs_code.sh --program $page >"$home/pump/pump.cpp"
{
  echo 'cd ~/holdfast'
  block 'cmake --preset try'
  echo "reached 'holdfast_pub and holdfast_sub are built'"
  # What Debian would have started.
  echo '/usr/sbin/mosquitto -v >~/mosquitto.log 2>&1 &'
  echo 'await "mosquitto version .* running" ~/mosquitto.log'
  block build-try/bin/holdfast_sub | sed 's/ &$/ >~\/received \&\nawait "Sending SUBACK" ~\/mosquitto.log/'
  echo 'await "^plant/17/temp 21.5$" ~/received'
  echo "reached 'the first message is there'"
  block 'cmake --preset release$'
  echo "reached 'all is built, and installed in ~/.local'"
  echo 'cd ~/pump'
  block 'cmake -B build -DCMAKE_PREFIX_PATH'
  echo "reached 'the program of one'\"'\"'s own is built, with find_package, and has delivered a message'"
  block 'build/pump 22.0' | sed 's/ &$/ >~\/killed \&\nawait "^safe$" ~\/killed/'
  echo 'await "^plant/17/temp 22.5$" ~/received'
  echo "reached 'its message has survived kill -9'"
} >"$home/path.sh"
cat >"$home/steps.sh" <<'STEPS'
reached() { echo "reached $*"; }
await() { # PATTERN FILE
  local end=$((SECONDS + 30))
  until grep -q "$1" "$2" 2>/dev/null; do
    if [ $SECONDS -ge $end ]; then echo "in 30 s no \"$1\" in $2"; exit 1; fi
    sleep 0.1
  done
}
exec </dev/null
trap 'kill $(jobs -p)' EXIT
STEPS
chroot "$root" chown -R newcomer: /home/newcomer

SECONDS=0
block 'apt-get update' >"$root/packages.sh"
in_root "$root" bash -eu /packages.sh >"$root/packages.log" 2>&1 || { tail "$root/packages.log"; exit 1; }
reached 'the packages are there'
# A network of its own: the broker's port is the usual one.
export -f in_root
# shellcheck disable=SC2016  # The inner shell expands.
if ! unshare --net bash -c 'ip link set lo up && in_root "$1" runuser -l newcomer -c "bash -eu -c \". ./steps.sh; . ./path.sh\""' \
  bash "$root" 2>"$home/errors" | while IFS= read -r line; do
  case $line in reached*) reached "${line#reached }" ;; *) echo "$line" >>"$home/output" ;; esac
done; then
  tail "$home/errors" "$home/output"
  exit 1
fi
printf 'plant/17/temp %s\n' 21.5 21.5 22.0 22.5 | diff - "$home/received"
