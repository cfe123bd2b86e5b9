#!/usr/bin/env bash
# The layer check can fail: a tree with one forbidden include of each kind is refused, or with a file of no layer; a clean one is not.
set -euo pipefail
check=$(dirname "$0")/layers.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

plant() { # FILE INCLUDE: a tree in which FILE has INCLUDE and nothing else
  rm -rf "${tree:?}"/*
  mkdir -p "$tree"/lib/{wire,session,store,net,client,other} "$tree/include/holdfast"
  echo "#include $2" >"$tree/$1"
}
must_fail() {
  plant "$1" "$2"
  if bash "$check" "$tree" >/dev/null; then
    echo "not refused: $1 with #include $2"
    exit 1
  fi
}
must_pass() {
  plant "$1" "$2"
  bash "$check" "$tree" || { echo "refused: $1 with #include $2"; exit 1; }
}

must_fail lib/wire/a.hpp '"session/engine.hpp"'
must_fail lib/wire/a.hpp '<holdfast/client.hpp>'
must_fail lib/session/a.cpp '"client/core.hpp"'
must_fail lib/session/a.cpp '"store/store.hpp"'
must_fail lib/session/a.cpp '"net/waker.hpp"'
must_fail lib/session/a.cpp '"../net/waker.hpp"'
must_fail lib/store/a.cpp '"net/waker.hpp"'
must_fail lib/store/a.cpp '"session/engine.hpp"'
must_fail lib/net/a.cpp '"wire/topic.hpp"'
must_fail lib/net/a.cpp '<holdfast/types.hpp>'
must_fail lib/client/a.cpp '"wire/packets.hpp"'
must_fail lib/client/trace.cpp '"wire/frame_decoder.hpp"'
must_pass lib/client/trace.cpp '"wire/packets.hpp"'
must_fail include/holdfast/a.hpp '"wire/topic.hpp"'
must_fail lib/other/a.cpp '<vector>'
must_fail lib/a.cpp '<vector>'
must_pass lib/client/a.cpp '"session/engine.hpp"'
must_pass lib/client/a.cpp '"wire/topic.hpp"'
must_pass lib/session/a.cpp '"wire/topic.hpp"'
must_pass lib/store/a.cpp '"session/record.hpp"'
must_pass lib/wire/a.hpp '<holdfast/types.hpp>'
must_pass lib/net/a.hpp '<vector>'
echo "the layer check finds what it should"
