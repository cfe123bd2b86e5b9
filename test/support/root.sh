# shellcheck shell=bash
# Roots with another Debian, or a bare one, below build-root-*/ of the project: sourced by those who need them, as root and
# in the project's directory.

# SUITE: a root as debootstrap makes it, once; nothing is ever installed in it.
make_bare_root() {
  local root=build-root-$1-bare
  if [ -d "$root" ]; then return; fi
  if ! command -v debootstrap >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null
  fi
  echo "debootstrap of $1"
  rm -rf "$root.partial"
  debootstrap --variant=minbase "$1" "$root.partial" >"$root.log" 2>&1 || { tail -5 "$root.log" >&2; return 1; }
  mv "$root.partial" "$root"
}

# DIRECTORY: brings the sources of the checkout there and leaves the builds that are there alone.
copy_sources() {
  mkdir -p "$1"
  find "$1" -mindepth 1 -maxdepth 1 ! -name 'build*' -exec rm -rf {} +
  git -c safe.directory='*' ls-files -z --cached --others --exclude-standard --deduplicate |
    while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\0' "$file"; done |
    tar --create --null --files-from=- | tar --extract --directory "$1"
}

# ROOT: what debootstrap leaves to the one who enters.
prepare_root() {
  cp -L /etc/resolv.conf "$1/etc/resolv.conf"
  printf '127.0.0.1 localhost\n::1 localhost\n' >"$1/etc/hosts"
}

# SUITE NAME: build-root-NAME, made once as a copy of the bare one and kept, and the sources as they are now in it.
make_root() {
  local root=build-root-$2
  if [ ! -d "$root" ]; then
    make_bare_root "$1"
    rm -rf "$root.partial"
    cp -a "build-root-$1-bare" "$root.partial"
    mv "$root.partial" "$root"
  fi
  prepare_root "$root"
  copy_sources "$root/holdfast"
}

# ROOT COMMAND...: the mounts are in a namespace of their own; however this ends, nothing stays mounted.
in_root() {
  # shellcheck disable=SC2016  # The inner shell expands.
  unshare --mount --propagation private bash -c '
    mount -t proc proc "$1/proc" && mount --rbind /dev "$1/dev" &&
      exec chroot "$1" /usr/bin/env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}"' bash "$@"
}
