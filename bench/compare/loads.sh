# shellcheck shell=bash disable=SC2034,SC2154 # variables of the other files
# The load generators, and how their figures get into runs.csv.

longest_run_seconds=120 # a load generator that takes longer hangs

# in_turns LOAD OPTIONS...: in each round, runs LOAD SERVER OPTIONS... on all running servers.
in_turns() {
  local server
  for ((round = 1; round <= rounds; ++round)); do
    for server in "${running[@]}"; do "$1" "$server" "${@:2}"; done
  done
}

# record SERVER LOAD OPERATION METRIC VALUE: one figure of the current group, setting and round.
record() {
  printf '%s,%s,%s,%s,%d,%s,%s,%s\n' "$group" "$setting" "$1" "$2" "$round" "${@:3}" \
    >>"$output/runs.csv"
}

# --- redis-benchmark ----------------------------------------------------------------------------

# redis_benchmark SERVER REQUESTS OPTIONS...: prints a line for each operation: its name, requests
# per second, megabytes of values per second, and of the time of a request the median and the 99th
# percentile in microseconds.
redis_benchmark() {
  timeout --foreground "$longest_run_seconds" \
    redis-benchmark -p "${port_of[$1]}" -n "$2" -d "$value_bytes" -r "$keys" "${@:3}" --csv \
    2>"$work/redis-benchmark.log" |
    tr -d '"' | awk -F , -v bytes="$value_bytes" '
      NR > 1 { print $1, $2, $2 * bytes / 1e6, 1000 * $5, 1000 * $7 }' ||
    die "redis-benchmark failed on $1: $(tail -n 3 "$work/redis-benchmark.log")"
}

# fill BYTES KEYS: every running server holds nearly all of KEYS keys with values of BYTES bytes, and
# nothing else. The generator chooses keys at random: of five times as many tries few miss a key.
# Later runs use the same keys and lengths.
fill() {
  local server pipeline=64 stored
  value_bytes=$1 keys=$2
  if ((value_bytes > 4096)); then pipeline=1; fi
  for server in "${running[@]}"; do
    [[ $server != echo ]] || continue # it keeps nothing
    flush "$server"
    redis_benchmark "$server" $((5 * keys)) -t set -P "$pipeline" >/dev/null
    stored=$(count_keys "$server")
    ((stored >= keys * 9 / 10)) || die "$server holds $stored keys of $keys"
  done
}

# compare SETTING OPTIONS...: redis-benchmark with these options on all running servers in turns.
compare() {
  local server
  local -A requests=()
  setting=$1
  say "  $setting"
  for server in "${running[@]}"; do
    requests[$server]=$(requests_for_a_turn "$server" "${@:2}")
  done
  in_turns run_redis_benchmark "${@:2}"
}

# How many requests keep the server busy for `seconds`: tries ever more, until that takes a fifth.
requests_for_a_turn() {
  local tried=100 rate
  while :; do
    rate=$(redis_benchmark "$1" "$tried" "${@:2}" -t set | cut -d ' ' -f 2)
    if awk -v tried="$tried" -v rate="$rate" -v seconds="$seconds" \
      'BEGIN { exit tried / rate < seconds / 5 }'; then break; fi
    ((tried *= 8))
  done
  awk -v rate="$rate" -v seconds="$seconds" 'BEGIN { printf "%.0f\n", rate * seconds + 1 }'
}

run_redis_benchmark() {
  local operation rate volume median tail
  redis_benchmark "$1" "${requests[$1]}" -t set,get "${@:2}" |
    while read -r operation rate volume median tail; do
      record "$1" redis-benchmark "$operation" requests_per_second "$rate"
      record "$1" redis-benchmark "$operation" megabytes_per_second "$volume"
      record "$1" redis-benchmark "$operation" p50_us "$median"
      record "$1" redis-benchmark "$operation" p99_us "$tail"
    done
}

# --- pkv_bench, which checks every answer and has an open loop; the echo is nothing for it -----------

warm_up_seconds=0.2

# pkv_bench SERVER OPTIONS...
pkv_bench() {
  local protocol=resp
  if [[ $1 == memcached ]]; then protocol=memcached; fi
  timeout --foreground "$longest_run_seconds" \
    "$PKV_BUILD/bench/pkv_bench" --port "${port_of[$1]}" --protocol "$protocol" \
    --records "$keys" --value-bytes "$value_bytes" --quiet "${@:2}" >"$work/pkv_bench.log" 2>&1 ||
    die "pkv_bench failed on $1: $(tail -n 3 "$work/pkv_bench.log")"
}

# load BYTES KEYS: as fill, but with the records of pkv_bench.
load() {
  local server
  value_bytes=$1 keys=$2
  for server in "${running[@]}"; do
    [[ $server != echo ]] || continue
    flush "$server"
    pkv_bench "$server" --load-only --pipeline 16
  done
}

# bench SETTING OPERATION OPTIONS...: pkv_bench with these options on all running servers in turns.
# OPERATION says in the tables what the options make of it.
bench() {
  setting=$1
  say "  $setting"
  in_turns run_pkv_bench "${@:2}"
}

run_pkv_bench() {
  [[ $1 != echo ]] || return 0
  local file=$work/pkv_bench.json rate median tail
  pkv_bench "$1" --no-load --warm-up "$warm_up_seconds" --duration "$seconds" --json "$file" "${@:3}"
  read -r rate median tail < <(figures_of "$file") || die "there are no figures in $file"
  record "$1" pkv_bench "$2" requests_per_second "$rate"
  record "$1" pkv_bench "$2" p50_us "$median"
  record "$1" pkv_bench "$2" p99_us "$tail"
}

# Of all operations: how many per second, their median time and 99th percentile in microseconds.
figures_of() {
  awk '
    function figure(name) { return substr($0, index($0, "\"" name "\": ") + length(name) + 4) + 0 }
    /^ *"all":/ { print figure("operations_per_second"), 1000 * figure("p50_ms"), 1000 * figure("p99_ms") }
  ' "$1"
}
