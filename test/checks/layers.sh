#!/usr/bin/env bash
# The dependency rule of docs/architecture.md: client -> session, net, store; store -> session's record types; session ->
# wire; net and wire know nobody; public headers include nothing of lib/. Usage: layers.sh [ROOT]. Fails when an include
# breaks it.
set -euo pipefail
root=${1:-$(cd "$(dirname "$0")/../.." && pwd)}

# What each layer may include of lib/, as extended regular expressions. What a caller passes is checked where he passes it,
# in client, by wire's rules on strings; packets are none of client's business, except to the trace and the log, which name and mask them.
declare -A allowed=(
  [wire]='wire/.*'
  [session]='(session|wire)/.*'
  [store]='store/.*|session/record\.hpp'
  [net]='net/.*'
  [client]='(client|session|net|store)/.*|wire/(topic|utf8|property)\.hpp'
)
of_trace='wire/(packets|reader)\.hpp'
failed=0

complain() {
  echo "$1"
  failed=1
}

# All #include lines with a name in quotes (or, with <, in angle brackets) below a directory, as FILE:LINE:NAME.
includes() { # DIRECTORY QUOTE
  grep -rnE "^ *# *include +$2" "$1" --include='*.hpp' --include='*.cpp' |
    sed -E 's/^([^:]*:[0-9]+):.*# *include +["<]([^">]*)[">].*/\1:\2/' || true
}

# A layer that is not known here would not be looked at.
while IFS= read -r file; do
  layer=${file#"$root/lib/"}
  [ -n "${allowed[${layer%%/*}]:-}" ] || complain "$file: no rule says what it may include"
done < <(find "$root/lib" -name '*.[ch]pp')

for layer in "${!allowed[@]}"; do
  while IFS=: read -r file line name; do
    if [[ $file == */lib/client/@(trace|packet_)* && $name =~ ^$of_trace$ ]]; then continue; fi
    if ! [[ $name =~ ^(${allowed[$layer]})$ ]]; then complain "$file:$line: lib/$layer must not include $name"; fi
  done < <(includes "$root/lib/$layer" '"')
done

while IFS=: read -r file line name; do
  complain "$file:$line: a public header must not include \"$name\": only <holdfast/...> and the standard library"
done < <(includes "$root/include" '"')

# Public types are for all, but net knows nothing of MQTT, and wire nothing of clients.
while IFS=: read -r file line name; do
  case $file:$name in
    */lib/net/*:holdfast/*) complain "$file:$line: net knows nothing of MQTT: $name" ;;
    */lib/wire/*:holdfast/types.hpp | */lib/wire/*:holdfast/reason_code.hpp | */lib/wire/*:holdfast/topic.hpp) ;;
    */lib/wire/*:holdfast/*) complain "$file:$line: wire knows packets, not clients: $name" ;;
  esac
done < <(includes "$root/lib/net" '<' && includes "$root/lib/wire" '<')

exit $failed
