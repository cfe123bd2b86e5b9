#!/usr/bin/env bash
# The check of the code in the docs can fail: on code of each kind that does not compile, on a fence that it would pass over, and
# on a page without code. Usage: docs_code_test.sh [COMPILER].
set -euo pipefail
compiler=${1:-c++}
check=$(cd "$(dirname "$0")" && pwd)/docs_code.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

status=0
look_at() { # [FENCE TEXT]...: the page's blocks
  : >"$work/page.md"
  while [ $# != 0 ]; do
    printf '%s\n%s\n```\n' "$1" "$2" >>"$work/page.md"
    shift 2
  done
  status=0
  bash "$check" "$compiler" "$work/page.md" >"$work/log" 2>&1 || status=$?
}
must_fail() { # [FENCE TEXT]...
  look_at "$@"
  if [ $status = 0 ]; then echo "not found:"; cat "$work/page.md"; exit 1; fi
}

program='int main() {}'
look_at '```cpp' "$program" '```cpp' 'client.connect();' '```c' "$program" '```c++' 'mqtt::async_client client("", "");' '```sh' exit
if [ $status != 0 ]; then cat "$work/log"; exit $status; fi
must_fail '```cpp' 'client.conect();'
must_fail '```cpp' 'int main() { return missing; }'
must_fail '```cpp' "$program" '```c' 'int main() { return missing(); }'
must_fail '```cpp' "$program" '```c++' 'mqtt::async_clint client("", "");'
# As where there is no cargo: the page passes with a word, and the rest of it is compiled.
mkdir "$work/bin"
printf '#!/bin/sh\nexit 101\n' >"$work/bin/cargo"
chmod +x "$work/bin/cargo"
PATH=$work/bin:$PATH look_at '```cpp' "$program" '```rust' 'missing();'
grep -q '^Rust is left out' "$work/log" || { echo "not said:"; cat "$work/log"; exit 1; }
[ $status = 0 ] || { cat "$work/log"; exit 1; }
PATH=$work/bin:$PATH must_fail '```cpp' "$program" '```rust' '' '```c' 'int main() { return missing(); }'
look_at '```cpp' "$program" '```rust' 'Client::new(MqttOptions::new("", "", 1883), 10);'
if grep '^Rust is left out' "$work/log"; then echo "so it is not tried"; else
  [ $status = 0 ] || { cat "$work/log"; exit 1; }
  must_fail '```cpp' "$program" '```rust' 'Client::knew(MqttOptions::new("", "", 1883), 10);'
fi
for fence in '``` cpp' '```C' '~~~cpp' '```'; do must_fail '```cpp' "$program" "$fence" "$program"; done
must_fail '```c' "$program"
must_fail
echo "the check of code finds what it should"
