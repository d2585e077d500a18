#!/usr/bin/env bash
# For ../instructions.sh --whole: the instructions of whole processes, with sockets, MPI and UCX
#
# A server of 4 workers under mpiexec, of which one rank runs under valgrind, serves redis-benchmark
# with 50 clients and pipeline 16. Two runs that differ in the number of commands tell what one costs:
# start, filling and end drop out. Ranks that poll while they wait blur the result by a few per cent.
set -euo pipefail

server=$PKV_BUILD/bin/pkv_server
few=40000
many=440000
keys=100000
value=$(printf 'x%.0s' {1..64})
readiness_seconds=120 # valgrind starts slowly

die() {
  printf 'instructions: %s\n' "$*" >&2
  exit 1
}

mpiexec=$(command -v mpiexec.mpich mpiexec.hydra mpiexec | head -n 1) ||
  die 'no mpiexec found: install the package mpich'
work=$(mktemp -d)
job=0

stop_job() {
  if ((job != 0)); then
    kill -TERM "$job" 2>/dev/null || true
    wait "$job" || true
  fi
  job=0
}

clean_up() {
  stop_job
  rm -rf "$work"
}
trap clean_up EXIT

# start_job RANK: a server whose rank RANK, 0 or 1, is counted; sets `port`.
start_job() {
  local -a plain=("$server" --port 0 --port-file "$work/port")
  local -a counted=(valgrind --quiet --tool=callgrind --callgrind-out-file="$work/profile"
    "${plain[@]}")
  local -a ranks=(-n 1 "${counted[@]}" : -n 4 "${plain[@]}")
  if (($1 == 1)); then
    ranks=(-n 1 "${plain[@]}" : -n 1 "${counted[@]}" : -n 3 "${plain[@]}")
  fi
  rm -f "$work/port" "$work/profile"
  "$mpiexec" -bind-to none -hosts localhost "${ranks[@]}" >"$work/log" 2>&1 </dev/null &
  job=$!
  local deadline=$((SECONDS + readiness_seconds))
  until [[ -s $work/port ]]; do
    kill -0 "$job" 2>/dev/null || die "the server ended: $(tail -n 3 "$work/log")"
    ((SECONDS < deadline)) || die "the server was not ready in $readiness_seconds s"
    sleep 0.1
  done
  port=$(<"$work/port")
}

fill() {
  awk -v keys="$keys" -v value="$value" '
    BEGIN { for (i = 0; i < keys; ++i) printf "SET key:%012d %s\r\n", i, value }' |
    redis-cli -p "$port" --pipe >"$work/fill" || die "filling failed: $(tail -n 1 "$work/fill")"
}

# Operations that the first worker has run for clients.
requests_of_first_worker() {
  redis-cli -p "$port" nodes | awk '$1 == "requests" { getline; print $1; exit }'
}

# count RANK KIND COMMANDS: prints the instructions of the rank and the commands it has had.
count() {
  start_job "$1"
  fill
  redis-benchmark -p "$port" -c 50 -P 16 -d 64 -r "$keys" -n "$3" -t "$2" -q >"$work/benchmark"
  local commands=$3
  if (($1 == 1)); then commands=$(requests_of_first_worker); fi
  stop_job
  awk -v commands="$commands" '
    $1 == "totals:" { total = $2 }
    END { print total + 0, commands }' "$work/profile"
}

# per_command RANK KIND
per_command() {
  count "$1" "$2" "$few" >"$work/few"
  count "$1" "$2" "$many" >"$work/many"
  paste -d ' ' "$work/few" "$work/many" | awk '{ printf "%8.0f", ($3 - $1) / ($4 - $2) }'
}

printf '\n%-41s %8s %8s\n' 'whole processes, pipeline 16' GET SET
for rank in 0 1; do
  name='rank 0'
  if ((rank == 1)); then name=worker; fi
  for kind in get set; do per_command "$rank" "$kind" >"$work/$kind"; done
  printf '%-41s %s %s\n' "$name" "$(<"$work/get")" "$(<"$work/set")"
done
