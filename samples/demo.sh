#!/usr/bin/env bash
# Holdfast's main job, shown: 10,000 messages at QoS 1 and 10,000 at QoS 2 go through a real broker that is killed five
# times on the way, and arrive.
#
#   samples/demo.sh            the broker is killed with -9: what it acknowledged and then lost itself is counted apart
#   samples/demo.sh --gentle   it is stopped with SIGTERM and saves its state: nothing may be missing or doubled
#   samples/demo.sh --tls      the same over TLS, with a certificate authority made on the spot; goes with --gentle, too
#
# On a bare Debian 12 or 13, as root or with sudo, nothing is needed before it: it installs what is missing, builds, runs
# on loopback, and leaves nothing running.
set -euo pipefail
cd "$(dirname "$0")/.."

messages=10000   # At each QoS.
kills=5
signal=KILL
tls=0
for option in "$@"; do
  case $option in
    --gentle) signal=TERM ;;
    --tls) tls=1 ;;
    *)
      sed -n '5,7s/^# *//p' "$0" >&2
      exit 2
      ;;
  esac
done

tty=0
[ -t 1 ] && tty=1
say() { printf '%s\n' "$*"; }
progress() { [ $tty = 0 ] || printf '\r\033[K%s' "$*"; }
end_progress() { [ $tty = 0 ] || printf '\r\033[K'; }

# ---- Install and build ----

install_packages() {
  local missing=() package packages
  packages=(g++ cmake ninja-build libspdlog-dev libmbedtls-dev libwslay-dev libsqlite3-dev libcli11-dev nlohmann-json3-dev mosquitto)
  [ $tls = 0 ] || packages+=(openssl)
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  local sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo)
  say "installing ${missing[*]}"
  {
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
  } >"$work/install.log" 2>&1 || { cat "$work/install.log" >&2; exit 1; }
}

build() {
  say "building"
  {
    cmake --preset release -G Ninja
    cmake --build --preset release --target holdfast_pub holdfast_sub
  } >"$work/build.log" 2>&1 || { cat "$work/build.log" >&2; exit 1; }
}

# ---- The broker ----

make_certificates() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
  {
    openssl req -x509 "${key[@]}" -days 30 -subj "/CN=Demo CA" -keyout "$work/ca.key" -out "$work/ca.pem"
    openssl req -new "${key[@]}" -subj "/CN=broker" -addext "subjectAltName=IP:127.0.0.1" \
      -keyout "$work/broker.key" -out "$work/broker.csr"
    openssl x509 -req -in "$work/broker.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 30 -copy_extensions copy \
      -out "$work/broker.pem"
  } >"$work/openssl.log" 2>&1 || { cat "$work/openssl.log" >&2; exit 1; }
}

free_port() { # A port nobody listens on; the kernel's table is read, so no tool is needed.
  local port
  for _ in $(seq 100); do
    port=$((20000 + RANDOM % 12000))
    grep -qi ":$(printf '%04X' "$port") " /proc/net/tcp || { echo "$port"; return; }
  done
  return 1
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

start_broker() {
  /usr/sbin/mosquitto -c "$work/mosquitto.conf" >>"$work/mosquitto.log" 2>&1 &
  broker=$!
  for _ in $(seq 200); do
    answers && return
    sleep 0.05
  done
  say "the broker did not start:" >&2
  tail -5 "$work/mosquitto.log" >&2
  exit 1
}

restart_broker() {
  kill -"$signal" "$broker"
  wait "$broker" 2>/dev/null || true
  start_broker
}

# ---- Counting ----

lines_of() { if [ -f "$1" ]; then wc -l <"$1"; else echo 0; fi; }
acknowledged() { echo $(($(lines_of "$work/acked.1") + $(lines_of "$work/acked.2"))); }
number_of() { grep -o "\"$1\":[0-9]*" "$2" | head -n 1 | cut -d: -f2; }
alive() { kill -0 "$1" 2>/dev/null; }

# What arrived against what was sent and acknowledged, for one QoS: sets sent, received, missing, excused, doubled.
count() {
  read -r sent received missing excused doubled < <(awk -v qos="$1" -v sent="$messages" '
    FILENAME ~ /acked/ { acked[$1] = 1; next }
    $1 == qos { seen[$2]++ }
    END {
      for (i = 1; i <= sent; i++) {
        if (seen[i] > 0) { received++; doubled += seen[i] - 1 }
        else if (acked[i]) excused++
        else missing++
      }
      print sent, received + 0, missing + 0, excused + 0, doubled + 0
    }' "$work/acked.$1" "$work/received")
}

# ---- The run ----

work=$(mktemp -d)
started=()
broker=
# shellcheck disable=SC2317  # The trap calls it.
clean_up() {
  for process in "${started[@]}" $broker; do kill -KILL "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

install_packages
build
begun=$SECONDS

port=$(free_port)
mkdir "$work/db"
# Saved after every ten changes, for kill -9. Mosquitto 2.0.11 needs three more things to keep a session over a restart: a
# large limit on what is in flight (identifiers it forgot to free use a small one up); not 65535, which means no limit to
# it, and without one it restores as unsent what it had sent, so that QoS 2 messages come twice; and a subscriber that
# takes one message at a time (it overruns a larger Receive Maximum, then restores what is beyond as unsent). Publishers
# use -c because it saves no session that began with Clean Start.
cat >"$work/mosquitto.conf" <<END
user root
listener $port 127.0.0.1
allow_anonymous true
persistence true
persistence_location $work/db/
autosave_interval 10
autosave_on_changes true
max_queued_messages 0
max_inflight_messages 65534
END
to_broker=(-h 127.0.0.1 -p "$port")
if [ $tls = 1 ]; then
  make_certificates
  printf '%s\n' "certfile $work/broker.pem" "keyfile $work/broker.key" >>"$work/mosquitto.conf"
  to_broker+=(--cafile "$work/ca.pem")
fi
start_broker

build/bin/holdfast_sub "${to_broker[@]}" -i demo-subscriber -c -x 3600 -q 2 -t demo/# \
  -D connect receive-maximum 1 --reconnect-delay-max 0.5 --stats --quiet \
  >"$work/received" 2>"$work/subscriber.err" &
subscriber=$!
started+=("$subscriber")
# The subscription stands once a probe comes through.
for _ in $(seq 100); do
  [ "$(lines_of "$work/received")" -gt 0 ] && break
  build/bin/holdfast_pub "${to_broker[@]}" -t demo/probe -m probe -q 1
  sleep 0.05
done

publishers=()
for qos in 1 2; do
  seq -f "$qos %.0f" "$messages" |
    build/bin/holdfast_pub "${to_broker[@]}" -i "demo-publisher-$qos" -c -x 3600 -q "$qos" -t "demo/$qos" -l \
      --ack-log "$work/acked.$qos" --reconnect-delay-max 0.5 --stats --quiet 2>"$work/publisher.$qos.err" &
  publishers+=($!)
  started+=($!)
done

for kill in $(seq $kills); do
  mark=$((2 * messages * kill / (kills + 1)))
  while [ "$(acknowledged)" -lt $mark ]; do
    progress "$(acknowledged) of $((2 * messages)) acknowledged, broker killed $((kill - 1)) times"
    if ! alive "${publishers[0]}" && ! alive "${publishers[1]}"; then break; fi
    sleep 0.02
  done
  restart_broker
done

failed=0
for publisher in "${publishers[@]}"; do
  while alive "$publisher"; do
    progress "$(acknowledged) of $((2 * messages)) acknowledged, broker killed $kills times"
    sleep 0.05
  done
  wait "$publisher" || failed=1
done

# The subscriber has all that will come once nothing more has come for two seconds, or everything has.
quiet=0
before=-1
while [ $quiet -lt 20 ] && [ "$(cut -d' ' -f1,2 "$work/received" | sort -u | grep -c '^[12] ')" -lt $((2 * messages)) ]; do
  now=$(lines_of "$work/received")
  if [ "$now" = "$before" ]; then quiet=$((quiet + 1)); else quiet=0; fi
  before=$now
  progress "$now received"
  sleep 0.1
done
kill -TERM "$subscriber"
wait "$subscriber" || failed=1
end_progress

# ---- The report ----

resumed=0 connects=0 replayed=0
for log in "$work"/publisher.1.err "$work"/publisher.2.err "$work"/subscriber.err; do
  connects=$((connects + $(number_of connects "$log") - 1))
  resumed=$((resumed + $(number_of sessions_resumed "$log")))
  replayed=$((replayed + $(number_of replayed "$log")))
done

how="stopped with SIGTERM"
if [ $signal = KILL ]; then how="killed with -9"; fi
over=""
[ $tls = 0 ] || over=" over TLS"
say "The broker was $how $kills times while 20,000 messages went through it$over ($((SECONDS - begun)) s):"
say ""
printf '%-28s %10s %10s\n' "" "QoS 1" "QoS 2"
rows="sent received missing duplicated"
declare -A table
for qos in 1 2; do
  count $qos
  table[sent.$qos]=$sent table[received.$qos]=$received table[missing.$qos]=$missing
  table[duplicated.$qos]=$doubled table[excused.$qos]=$excused
  [ "$missing" = 0 ] || failed=1
  if [ $signal = TERM ]; then
    [ "$excused" = 0 ] || failed=1
    [ $qos = 1 ] || [ "$doubled" = 0 ] || failed=1
  fi
done
for row in $rows; do printf '%-28s %10s %10s\n' "$row" "${table[$row.1]}" "${table[$row.2]}"; done
printf '%-28s %10s %10s\n' "acknowledged, then lost (*)" "${table[excused.1]}" "${table[excused.2]}"
say ""
say "reconnects $connects, resumed sessions $resumed, replayed messages $replayed"
if [ $signal = KILL ]; then
  say "(*) Lost by the broker's own kill -9: acknowledged, but not yet saved. Duplicates at QoS 2 come from it, too."
fi
if [ $failed = 0 ]; then say "Nothing that was not acknowledged is missing."; else say "A PROMISE WAS BROKEN."; fi
exit $failed
