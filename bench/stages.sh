#!/usr/bin/env bash
# Where a command's microseconds go: processor time per command by thread and stage (needs perf)
#
# './dev bench stages [GET|SET [PIPELINE...]]': SET and 1, 16 and 64 unless said otherwise. Starts
# pkv_server with 4 workers, drives it with redis-benchmark (50 clients, values of 64 bytes, 100,000
# keys), samples all CPUs with perf and sorts the samples by thread and by what they were in.
set -euo pipefail

kind=${1:-SET}
shift || true
pipelines=("$@")
((${#pipelines[@]} > 0)) || pipelines=(1 16 64)
here=$(dirname "${BASH_SOURCE[0]}")
sampled_seconds=3
samples_per_second=4999
load_seconds=6 # more than are sampled; enough to settle first

die() {
  printf 'stages: %s\n' "$*" >&2
  exit 1
}

command -v perf >/dev/null || die "perf is not installed: on Debian, apt-get install linux-perf"
perf record -a -o /dev/null true 2>/dev/null ||
  die "perf may not sample all CPUs: be root, or lower /proc/sys/kernel/perf_event_paranoid"

work=$(mktemp -d)
server=0
load=0
clean_up() {
  for process in "$load" "$server"; do
    if ((process != 0)); then
      kill -TERM "$process" 2>/dev/null || true
      wait "$process" 2>/dev/null || true
    fi
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

setsid "$PKV_BUILD/bin/pkv_server" --workers 4 --port 0 --port-file "$work/port" \
  >"$work/server.log" 2>&1 </dev/null &
server=$!
deadline=$((SECONDS + 60))
until [[ -s $work/port ]]; do
  kill -0 "$server" 2>/dev/null || die "the server ended: $(<"$work/server.log")"
  ((SECONDS < deadline)) || die "the server was not ready in 60 s"
  sleep 0.05
done
port=$(<"$work/port")
rank0=$(redis-cli -p "$port" INFO server | tr -d '\r' | sed -n 's/^process_id://p')
[[ -n $rank0 ]] || die "the server does not say its process id"

# drive KIND PIPELINE COUNT: prints commands per second.
drive() {
  redis-benchmark -p "$port" -c 50 -d 64 -r 100000 -t "${1,,}" -P "$2" -n "$3" --csv 2>/dev/null |
    awk -F'","' 'NR == 2 { print int($2) }'
}

drive SET 16 1000000 >/dev/null # the keys
for pipeline in "${pipelines[@]}"; do
  rate=$(drive "$kind" "$pipeline" $((20000 * (pipeline + 1))))
  drive "$kind" "$pipeline" $((rate * load_seconds)) >"$work/rate" &
  load=$!
  sleep 1 # the load has to settle; what is measured does not depend on how long
  commands=$(redis-cli -p "$port" INFO stats | tr -d '\r' | sed -n 's/^total_commands_processed://p')
  perf record -a -g -F "$samples_per_second" -o "$work/perf.data" -- sleep "$sampled_seconds" \
    >/dev/null 2>"$work/perf.log" || die "perf failed: $(<"$work/perf.log")"
  commands=$(($(redis-cli -p "$port" INFO stats | tr -d '\r' |
    sed -n 's/^total_commands_processed://p') - commands))
  wait "$load"
  load=0
  ((commands > 0)) || die "no command was run while sampling"
  printf '\n%s, pipeline %s: %s commands per second while sampled; microseconds per command\n' \
    "$kind" "$pipeline" "$((commands / sampled_seconds))"
  perf script -i "$work/perf.data" -F comm,pid,tid,ip,sym,dso 2>/dev/null |
    awk -v rank0="$rank0" -v frequency="$samples_per_second" -v commands="$commands" \
      -f "$here/stages.awk"
done
