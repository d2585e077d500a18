#!/usr/bin/env bash
# Writes that last, beside redis-server's: SET with batch and with fsync, GET, the start on many entries
#
# './dev bench durable [ROUNDS [FOLDER]]': 5 rounds, and files in a folder beside the build unless said
# otherwise. The servers take turns in each round; the ratios are those of one round. Nothing but the
# disk of that folder is measured if it is not in memory.
set -euo pipefail

programs=$PKV_BUILD/bin
rounds=${1:-5}
workers=4
server=0

say() { printf '%s\n' "$*" >&2; }

die() {
  say "durable: $*"
  exit 1
}

[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "the number of rounds is not a number: '$rounds'"
for program in redis-server redis-cli redis-benchmark; do
  command -v "$program" >/dev/null || die "$program is not installed"
done
work=$(mktemp -d -p "${2:-$PKV_BUILD}" durable.XXXXXX)

stop() {
  if ((server == 0)); then return; fi
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  server=0
}

clean_up() {
  stop
  rm -rf "$work"
}
trap clean_up EXIT

until_true() {
  local deadline=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "gave up waiting for: $*"
    sleep 0.005
  done
}

start_pkv() {
  rm -f "$work/port"
  "$programs/pkv_server" --workers "$workers" --port 0 --port-file "$work/port" "$@" \
    >"$work/log" 2>&1 </dev/null &
  server=$!
  until_true test -s "$work/port"
  port=$(<"$work/port")
}

start_redis() {
  rm -rf "$work/redis"
  mkdir "$work/redis"
  port=$((20000 + RANDOM % 20000))
  redis-server --port "$port" --bind 127.0.0.1 --dir "$work/redis" --save '' --appendonly yes \
    --appendfsync "$1" >"$work/log" 2>&1 </dev/null &
  server=$!
  until_true redis-cli -p "$port" ping
}

# load COMMAND COUNT: prints requests per second and the 99th percentile in milliseconds.
load() {
  redis-benchmark -p "$port" -t "$1" -n "$2" -c 50 -P 16 -d 64 -r 100000 --csv |
    awk -F '","' 'NR == 2 { print $2, $7 }'
}

# note NAME: adds the two numbers of standard input to the files NAME and NAME.p99.
note() {
  local requests p99
  read -r requests p99
  printf '%s\n' "$requests" >>"$work/$1"
  printf '%s\n' "$p99" >>"$work/$1.p99"
}

median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
range() { sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%s .. %s", v[1], v[NR] }'; }

# compare TITLE OURS THEIRS
compare() {
  paste "$work/$2" "$work/$3" | awk '{ print $1 / $2 }' >"$work/ratios"
  printf '%-32s %9.0f (%s), p99 %s ms\n' "$1" "$(median "$work/$2")" "$(range "$work/$2")" \
    "$(median "$work/$2.p99")"
  printf '%-32s %9.0f (%s), p99 %s ms\n' "  beside" "$(median "$work/$3")" "$(range "$work/$3")" \
    "$(median "$work/$3.p99")"
  printf '%-32s %9.2f (%s)\n' '  ratio' "$(median "$work/ratios")" "$(range "$work/ratios")"
}

set_with() {
  local level=$1 policy=$2 count=$3
  rm -rf "$work/store"
  start_pkv --engine sqlite --data "$work/store" --durability "$level"
  load set "$count" | note "pkv-$level"
  stop
  start_redis "$policy"
  load set "$count" | note "redis-$policy"
  stop
}

get_with_files_and_without() {
  rm -rf "$work/store"
  start_pkv --engine sqlite --data "$work/store"
  load set 400000 >/dev/null
  load get 600000 | note get-sqlite
  stop
  start_pkv
  load set 400000 >/dev/null
  load get 600000 | note get-memory
  stop
}

# A million entries of 100 bytes, as commands.
million_entries() {
  awk 'BEGIN {
    value = sprintf("%088d", 0)
    for (i = 0; i < 1000000; ++i)
      printf "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$88\r\n%s\r\n", i, value
  }'
}

make_large_store() {
  rm -rf "$work/large"
  start_pkv --engine sqlite --data "$work/large"
  million_entries | redis-cli -p "$port" --pipe >/dev/null
  stop
}

start_on_large_store() {
  local begin=${EPOCHREALTIME/[.,]/} end
  start_pkv --engine sqlite --data "$work/large"
  redis-cli -p "$port" get key:00000007 >/dev/null
  end=${EPOCHREALTIME/[.,]/}
  awk -v us=$((end - begin)) 'BEGIN { print us / 1e6 }' >>"$work/start"
  stop
}

for ((round = 1; round <= rounds; ++round)); do
  say "Round $round of $rounds"
  set_with batch everysec 400000
  set_with fsync always 200000
  get_with_files_and_without
  if ((round == 1)); then make_large_store; fi
  start_on_large_store
done

printf '%d rounds, %d workers, 50 clients, pipeline 16, values of 64 bytes, 100,000 keys, %d cores\n' \
  "$rounds" "$workers" "$(nproc)"
printf 'Requests per second: median (lowest .. highest)\n\n'
compare 'SET, batch / everysec' pkv-batch redis-everysec
compare 'SET, fsync / always' pkv-fsync redis-always
compare 'GET, sqlite / memory' get-sqlite get-memory
printf '%-32s %9.2f (%s) s\n' 'start on 1,000,000 entries' "$(median "$work/start")" "$(range "$work/start")"
