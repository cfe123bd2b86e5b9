#!/usr/bin/env bash
# The dependency rule of docs/architecture.md: client -> session, net, store; store -> session; session -> wire; net and
# wire know nobody; public headers include nothing of lib/. Usage: layers.sh [ROOT]. Fails when an include breaks it.
set -euo pipefail
root=${1:-$(cd "$(dirname "$0")/../.." && pwd)}

declare -A allowed=(
  [wire]="wire"
  [session]="session wire"
  [store]="store session"
  [net]="net"
  [client]="client session net store wire"
)
failed=0

complain() {
  echo "$1"
  failed=1
}

for layer in "${!allowed[@]}"; do
  while IFS=: read -r file line text; do
    included=${text#*\"}
    included=${included%%/*}
    case " ${allowed[$layer]} " in
      *" $included "*) ;;
      *) complain "$file:$line: lib/$layer must not include from lib/$included" ;;
    esac
  done < <(grep -rnE '^#include "' "$root/lib/$layer" --include='*.hpp' --include='*.cpp' || true)
done

while IFS=: read -r file line _; do
  complain "$file:$line: a public header must include only <holdfast/...> and the standard library"
done < <(grep -rnE '^#include "' "$root/include" || true)

while IFS=: read -r file line _; do
  complain "$file:$line: net knows nothing of MQTT"
done < <(grep -rnE '^#include <holdfast/' "$root/lib/net" || true)

exit $failed
