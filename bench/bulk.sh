#!/usr/bin/env bash
# Lines per second from a pipe into pkv and 4 workers, beside redis-cli into one redis-server
#
# './dev bench bulk [LINES [RUNS]]': 1,000,000 lines and 5 runs unless said otherwise. The ways take
# turns, so that what else the machine does falls on all of them; each must store every line.
set -euo pipefail

lines=${1:-1000000}
runs=${2:-5}
programs=$PKV_BUILD/bin
work=$(mktemp -d)
declare -a servers=()

say() { printf '%s\n' "$*" >&2; }

die() {
  say "bulk: $*"
  exit 1
}

clean_up() {
  local server
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; done
  for server in "${servers[@]}"; do wait "$server" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT

# Waits for the condition, at most a minute.
until_true() {
  local deadline=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "gave up waiting for: $*"
    sleep 0.05
  done
}

start_pkv() {
  "$programs/pkv_server" --workers 4 --port 0 --port-file "$work/port" \
    >"$work/pkv.log" 2>&1 </dev/null &
  servers+=($!)
  until_true test -s "$work/port"
  pkv_port=$(<"$work/port")
}

# A port that is free now; somebody may take it before redis-server does, which then says so.
start_redis() {
  redis_port=$((20000 + RANDOM % 20000))
  redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work" \
    >"$work/redis.log" 2>&1 </dev/null &
  servers+=($!)
  until_true redis-cli -p "$redis_port" ping
}

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

start_pkv
with_redis=false
if command -v redis-server >/dev/null && command -v redis-cli >/dev/null; then
  start_redis
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
