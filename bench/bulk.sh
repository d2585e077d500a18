#!/usr/bin/env bash
# Lines per second from a pipe into pkv and 4 workers, beside redis-cli into one redis-server
#
# './dev bench bulk [LINES [RUNS]]': 1,000,000 lines and 5 runs unless said otherwise. The ways take
# turns, so that what else the machine does falls on all of them; each must store every line.
# shellcheck source-path=SCRIPTDIR/side_by_side
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/side_by_side
source "$here/servers.sh"

lines=${1:-1000000}
runs=${2:-5}
work=$(mktemp -d)

# --- the ways: each reads lines from standard input ---------------------------------------------

pkv_into_pkv() { "$programs/pkv" --port "$pkv_port" >"$work/answers" 2>&1; }
pipe_into_pkv() { redis-cli -p "$pkv_port" --pipe >"$work/answers" 2>&1; }
pipe_into_redis() { redis-cli -p "$redis_port" --pipe >"$work/answers" 2>&1; }
cli_into_redis() { redis-cli -p "$redis_port" >"$work/answers" 2>&1; }

# measure WAY PORT FILE: prints the lines per second of one run.
measure() {
  local way=$1 port=$2 file=$3 begin end expected stored
  expected=$(wc -l <"$file")
  "$programs/pkv" --port "$port" exec FLUSHALL >/dev/null
  begin=${EPOCHREALTIME/[.,]/}
  # A pipe, not a file: that is what programs write their commands to.
  # shellcheck disable=SC2002
  cat "$file" | "$way" || die "$way failed: $(tail -n 3 "$work/answers")"
  end=${EPOCHREALTIME/[.,]/}
  stored=$("$programs/pkv" --port "$port" exec DBSIZE | tr -cd '0-9')
  ((stored == expected)) || die "$way stored $stored of $expected lines"
  printf '%d\n' $((expected * 1000000 / (end - begin)))
}

# summarize NAME TITLE: the median and the range of the numbers in the file NAME.
summarize() {
  local -a sorted
  mapfile -t sorted < <(sort -n "$work/$1")
  printf '%-42s %10d %10d ..%9d\n' "$2" "${sorted[${#sorted[@]} / 2]}" "${sorted[0]}" "${sorted[-1]}"
}

generate() {
  seq "$lines" | awk -v command="$1" '{ printf "%s key:%08d value-of-line-number-%d\n", command, $1, $1 }'
}

generate C >"$work/create.txt"
generate SET >"$work/set.txt"
# One command at a time takes long enough with a tenth of them.
head -n $(((lines + 9) / 10)) "$work/set.txt" >"$work/some.txt"

# shellcheck disable=SC2119 # with the options it has
start_pkv
with_redis=false
if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
  start_redis --appendonly no
  with_redis=true
else
  say 'redis-server or redis-cli is not installed: pkv alone'
fi

for ((run = 1; run <= runs; ++run)); do
  say "Run $run of $runs"
  measure pkv_into_pkv "$pkv_port" "$work/create.txt" >>"$work/pkv"
  if $with_redis; then
    measure pipe_into_pkv "$pkv_port" "$work/create.txt" >>"$work/pipe-pkv"
    measure pipe_into_redis "$redis_port" "$work/set.txt" >>"$work/pipe-redis"
    measure cli_into_redis "$redis_port" "$work/some.txt" >>"$work/cli-redis"
  fi
done

printf '%d lines of %d bytes, %d runs, %d processor cores\n\n' "$lines" \
  "$(($(wc -c <"$work/create.txt") / lines))" "$runs" "$(nproc)"
printf '%-42s %10s   %s\n' 'lines per second' median 'lowest .. highest'
summarize pkv 'pkv, 4 workers'
if $with_redis; then
  summarize pipe-pkv 'redis-cli --pipe, pkv_server, 4 workers'
  summarize pipe-redis 'redis-cli --pipe, redis-server'
  summarize cli-redis 'redis-cli, redis-server'
fi
