#!/usr/bin/env bash
# Every public header compiles alone. Usage: public_headers.sh [COMPILER]
set -euo pipefail
compiler=${1:-c++}
cd "$(dirname "$0")/../.."
for header in include/holdfast/*.hpp; do
  echo "#include <holdfast/$(basename "$header")>" |
    "$compiler" -std=c++20 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ - || {
    echo "$header does not compile alone"
    exit 1
  }
done
echo "every public header compiles alone"
