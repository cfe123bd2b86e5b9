#!/usr/bin/env bash
# The unit of sample 12 is one that systemd understands, and gives the daemon few rights.
set -euo pipefail
cd "$(dirname "$0")/../.."
if ! command -v systemd-analyze >/dev/null; then
  echo "skipped: systemd-analyze (systemd) is not installed"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unit=$work/12_daemon.service
# A program that is there: it is looked for.
sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' samples/12_daemon.service >"$unit"
systemd-analyze verify --man=no "$unit" >"$work/said" 2>&1 || echo "systemd-analyze verify failed" >>"$work/said"
# What it does not know it warns of, and says that all is well.
if [ -s "$work/said" ]; then
  cat "$work/said"
  exit 1
fi
# Exposure goes from 0 to 10; here it is counted in tenths.
if ! systemd-analyze security --offline=true --threshold=19 --no-pager "$unit" >"$work/exposure"; then
  grep -v '^✓' "$work/exposure"
  exit 1
fi
