#!/usr/bin/env bash
# The comparison works, and so does the page made of it: with counts so small that figures mean nothing.
# Usage: smoke.sh DIRECTORY_OF_PROGRAMS
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
"$1/compare" --tiny --only throughput --only latency --only connections --json "$directory/run.json"
python3 "$here/performance.py" "$directory/run.json" "$directory"
grep -q -- '--tiny' "$directory/performance.md"
python3 - "$directory/run.json" <<'PYTHON'
import json
import sys

run = json.load(open(sys.argv[1], encoding="utf-8"))
for group in ("throughput", "latency", "connections"):
    assert run["groups"][group] == "measured", f"{group}: {run['groups'][group]}"
for peer in ("holdfast", "sockets"):
    for measurement in ("publish", "receive", "round_trip", "paced"):
        assert any(found["peer"] == peer and found["measurement"] == measurement for found in run["results"]), \
            f"{peer} has no figure for {measurement}: {run['failures']}"
    for measurement in ("connect", "publish", "receive"):
        assert any(found["peer"] == peer and found["measurement"] == measurement and found.get("server") == "tls sink"
                   for found in run["results"]), f"{peer} has no figure for {measurement} over TLS: {run['failures']}"
# What of the others did not finish is shown, and is their affair.
for failure in run["failures"]:
    assert failure["peer"] not in ("holdfast", "sockets"), failure
PYTHON
