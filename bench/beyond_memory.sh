#!/usr/bin/env bash
# More data than memory: gigabytes into files, the memory of each worker, and random entries read back
#
# './dev bench beyond_memory [MEBIBYTES [CACHE_MEBIBYTES]]': 4096 MiB of values of 4 KiB, 64 MiB of
# cache for each of 4 workers unless said otherwise. Fails if an entry is not what was written, or if
# a worker has had more than its cache and 64 MiB in memory. The files lie beside the build, and
# take half as much again as the data.
set -euo pipefail

programs=$PKV_BUILD/bin
mebibytes=${1:-4096}
cache=${2:-64}
workers=4
reads=20000
entries=$((mebibytes * 256))
server=0

die() {
  printf 'beyond_memory: %s\n' "$*" >&2
  exit 1
}

[[ $mebibytes =~ ^[1-9][0-9]*$ && $cache =~ ^[1-9][0-9]*$ ]] || die 'sizes are numbers, in MiB'
work=$(mktemp -d -p "$PKV_BUILD" beyond_memory.XXXXXX)

clean_up() {
  if ((server != 0)); then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

"$programs/pkv_server" --workers "$workers" --port 0 --port-file "$work/port" --engine sqlite \
  --data "$work/store" --cache-bytes "${cache}MiB" >"$work/log" 2>&1 </dev/null &
server=$!
for ((i = 0; i < 1000; ++i)); do
  if [[ -s $work/port ]]; then break; fi
  sleep 0.02
done
[[ -s $work/port ]] || die "the server did not start: $(tail -n 3 "$work/log")"
port=$(<"$work/port")

# The value of entry i is told by i: 512 times its number in 8 digits.
entries_from() {
  awk -v from="$1" -v to="$2" 'BEGIN {
    for (i = from; i < to; ++i) {
      value = sprintf("%08d", i)
      while (length(value) < 4096) value = value value
      printf "*3\r\n$3\r\nSET\r\n$12\r\nkey:%08d\r\n$4096\r\n%s\r\n", i, value
    }
  }'
}

# NODES answers the names and values of fields, one a line.
most_memory() {
  local process
  while read -r process; do
    awk '/^VmHWM/ { print int($2 / 1024) }' "/proc/$process/status"
  done < <(redis-cli -p "$port" NODES | awk 'name == "pid" { print } { name = $1 }')
}

seconds_since() { awk -v us=$((${EPOCHREALTIME/[.,]/} - $1)) 'BEGIN { printf "%.1f", us / 1e6 }'; }

begin=${EPOCHREALTIME/[.,]/}
entries_from 0 "$entries" | redis-cli -p "$port" --pipe >"$work/answers" 2>&1
grep -q 'errors: 0' "$work/answers" || die "not all was written: $(tail -n 3 "$work/answers")"
write_seconds=$(seconds_since "$begin")

begin=${EPOCHREALTIME/[.,]/}
awk -v n="$reads" -v entries="$entries" 'BEGIN {
  srand(1)
  for (i = 0; i < n; ++i) printf "GET key:%08d\n", int(rand() * entries)
}' >"$work/gets"
redis-cli -p "$port" <"$work/gets" >"$work/values"
read_seconds=$(seconds_since "$begin")
paste -d ' ' "$work/gets" "$work/values" | awk -v want="$reads" '
  { number = substr($2, 5); value = number; while (length(value) < 4096) value = value value
    if ($3 != value) wrong = wrong + 1 }
  END { if (NR != want || wrong > 0) { print "wrong values: " wrong + 0; exit 1 } }' ||
  die 'entries are not what was written'

most_memory >"$work/memory"
(($(wc -l <"$work/memory") == workers)) || die 'cannot find the workers'
size=$(du -sm "$work/store" | cut -f 1)
printf '%d MiB in %d entries: written in %s s (%d MiB/s), files of %d MiB\n' "$mebibytes" "$entries" \
  "$write_seconds" "$(awk -v m="$mebibytes" -v s="$write_seconds" 'BEGIN { print int(m / s) }')" "$size"
printf '%d random entries read one after the other in %s s, all as written\n' "$reads" "$read_seconds"
printf 'most memory of each worker, with %d MiB of cache: %s MiB\n' "$cache" "$(paste -sd ' ' "$work/memory")"
while read -r most; do
  ((most <= cache + 64)) || die "a worker has had $most MiB in memory"
done <"$work/memory"
