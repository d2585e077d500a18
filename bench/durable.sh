#!/usr/bin/env bash
# Writes that last, beside redis-server's: SET with batch and with fsync, GET, the start on many entries
#
# './dev bench durable [ROUNDS [FOLDER]]': 5 rounds, and files in a folder beside the build unless said
# otherwise. The servers take turns in each round; the ratios are those of one round. Nothing but the
# disk of that folder is measured if it is not in memory.
# shellcheck source-path=SCRIPTDIR/side_by_side
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/side_by_side
source "$here/servers.sh"

rounds=${1:-5}
[[ $rounds =~ ^[1-9][0-9]*$ ]] || die "the number of rounds is not a number: '$rounds'"
for program in redis-server redis-cli redis-benchmark; do
  command -v "$program" >/dev/null || die "$program is not installed"
done
work=$(mktemp -d -p "${2:-$PKV_BUILD}" durable.XXXXXX)

# load PORT COMMAND COUNT: prints requests per second and the 99th percentile in milliseconds.
load() {
  redis-benchmark -p "$1" -t "$2" -n "$3" -c 50 -P 16 -d 64 -r 100000 --csv |
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
  load "$pkv_port" set "$count" | note "pkv-$level"
  stop_servers
  start_redis --appendonly yes --appendfsync "$policy"
  load "$redis_port" set "$count" | note "redis-$policy"
  stop_servers
}

get_with_files_and_without() {
  rm -rf "$work/store"
  start_pkv --engine sqlite --data "$work/store"
  load "$pkv_port" set 400000 >/dev/null
  load "$pkv_port" get 600000 | note get-sqlite
  stop_servers
  start_pkv
  load "$pkv_port" set 400000 >/dev/null
  load "$pkv_port" get 600000 | note get-memory
  stop_servers
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
  million_entries | redis-cli -p "$pkv_port" --pipe >/dev/null
  stop_servers
}

start_on_large_store() {
  local begin=${EPOCHREALTIME/[.,]/} end
  start_pkv --engine sqlite --data "$work/large"
  redis-cli -p "$pkv_port" get key:00000007 >/dev/null
  end=${EPOCHREALTIME/[.,]/}
  awk -v us=$((end - begin)) 'BEGIN { print us / 1e6 }' >>"$work/start"
  stop_servers
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
