# shellcheck shell=bash disable=SC2034,SC2154 # variables of the other files
# The groups of measurements: what runs against which servers. groups.txt has, for each of them, its
# name, the metrics that its tables show, and a title.

mapfile -t groups < <(cut -d '|' -f 1 "$here/groups.txt")

title_of() { sed -n "s/^$1|[^|]*|//p" "$here/groups.txt"; }

is_group() { [[ -n $(title_of "$1") ]]; }

list_groups() {
  local name
  for name in "${groups[@]}"; do printf '%-12s %s\n' "$name" "$(title_of "$name")"; done
}

measure_throughput() {
  local pipeline
  start redis nutcracker echo pkv pkv-tcp
  fill 64 100000
  for pipeline in 1 16 64; do compare "P $pipeline" -c 50 -P "$pipeline"; done
}

# The times of redis-benchmark are multiples of 8 us, but it speaks to the echo too.
measure_latency() {
  start redis nutcracker echo pkv
  fill 64 100000
  compare '1 client (coarse)' -c 1
  load 64 100000
  bench '1 client' SET --clients 1 --workload set
  bench '1 client' GET --clients 1 --workload get
}

measure_clients() {
  local pipeline
  start redis nutcracker echo pkv
  fill 64 100000
  for pipeline in 1 16; do compare "P $pipeline" -c 1000 -P "$pipeline"; done
}

# Of the long values so few that all stores together take less than 1 GiB.
measure_values() {
  start redis nutcracker pkv
  fill 16 100000
  compare '16 B' -c 50 -P 16
  fill 1024 100000
  compare '1 KiB' -c 50 -P 16
  fill 65536 2000
  compare '64 KiB' -c 50
  fill 1048576 100
  compare '1 MiB' -c 10
}

measure_workers() {
  local pipeline
  start pkv-1 pkv-2 pkv-4 pkv-8
  fill 64 100000
  for pipeline in 1 16; do compare "P $pipeline" -c 50 -P "$pipeline"; done
}

measure_half-load() {
  local -a mixture=(--clients 50 --read-ratio 0.5)
  start redis
  load 64 100000
  bench maximum all "${mixture[@]}"
  start pkv
  load 64 100000
  bench 'half load' all "${mixture[@]}" --rate "$(half_of_the_maximum)"
}

half_of_the_maximum() {
  local -a rates
  mapfile -t rates < <(grep '^half-load,maximum,.*,requests_per_second,' "$output/runs.csv" |
    cut -d , -f 8 | sort -n)
  awk -v rate="${rates[${#rates[@]} / 2]}" 'BEGIN { print rate / 2 }'
}

measure_mix() {
  local workload pipeline
  start redis nutcracker memcached pkv
  load 1024 100000
  for workload in a b c d f; do
    for pipeline in 1 16; do
      bench "${workload^} P $pipeline" all --clients 50 --workload "$workload" \
        --pipeline "$pipeline"
    done
  done
}

# --- resources: measured once, there are no turns to take -------------------------------------------

idle_connections=1000
idle_seconds=10

measure_resources() {
  local server
  round=1
  start redis pkv
  setting="$idle_connections connections"
  for server in redis pkv; do measure_idle_connections "$server"; done
  stop_all
  start redis pkv-8
  setting="idle for $idle_seconds s"
  for server in redis pkv-8; do measure_idle_processor "$server"; done
}

# The memory of the process that holds the connections: for pkv, rank 0.
measure_idle_connections() {
  launch "idle-connections" redis-benchmark -I -c "$idle_connections" -p "${port_of[$1]}"
  until_ready "idle-connections" has_clients "$1" "$idle_connections"
  record "$1" none idle resident_mib \
    "$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$(info "$1" process_id)/status")"
}

# Besides the one that asks.
has_clients() { (($(info "$1" connected_clients) > $2)); }

# The processor time of all the server's processes: for pkv, of all ranks.
measure_idle_processor() {
  local -a ranks
  local before
  ranks=("$(info "$1" process_id)")
  if [[ $1 == pkv* ]]; then
    mapfile -t -O 1 ranks < <(ask "$1" NODES | awk 'was == "pid" { print $1 } { was = $1 }')
  fi
  before=$(ticks_of "${ranks[@]}")
  sleep "$idle_seconds"
  record "$1" none idle cpu_percent \
    "$(awk -v before="$before" -v after="$(ticks_of "${ranks[@]}")" -v seconds="$idle_seconds" \
      -v per_second="$(getconf CLK_TCK)" \
      'BEGIN { print 100 * (after - before) / per_second / seconds }')"
}

# The processor time that processes have had, user and system, in ticks. See proc(5); the name of
# the program, which may hold blanks, is cut off with what is before it.
ticks_of() {
  local process
  for process in "$@"; do cat "/proc/$process/stat"; done |
    sed 's/.*) //' | awk '{ ticks += $12 + $13 } END { print ticks }'
}

# info SERVER FIELD: what the server says about itself.
info() { ask "$1" INFO | tr -d '\r' | sed -n "s/^$2://p"; }
