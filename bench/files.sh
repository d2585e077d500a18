#!/usr/bin/env bash
# A large file up and down: throughput beside SET and GET of 1 MiB, memory, what other clients notice
#
# './dev bench files --help' shows the options. The peers store and fetch as many values of 1 MiB in the
# same server through one connection: redis-cli from and to a file, and redis-benchmark, which has
# neither a file nor checksums. All take turns in each round; ratios are those of one round.
set -euo pipefail

programs=$PKV_BUILD/bin
mebibytes=2048
rounds=3
workers=4
rate=4000
milliseconds=800
windows=5
folder=/dev/shm
mib=1048576

usage() {
  cat <<'END'
Usage: ./dev bench files [OPTIONS]

  --mebibytes N   size of the file (2048); N such values for the peers
  --rounds N      how often each has its turn (3)
  --rate N        GETs per second of the clients beside a transfer (4000)
  --milliseconds N
                  how long these are measured within a transfer (800), five times a round
  --folder DIR    where the local files are (/dev/shm: no disk); takes 3 times the size
END
}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "files: $*"
  exit 1
}

parse_options() {
  local name
  while (($# > 0)); do
    case $1 in
      --mebibytes | --rounds | --rate | --milliseconds)
        [[ ${2-} =~ ^[1-9][0-9]{0,5}$ ]] || die "$1 needs a number above 0, not '${2-}'"
        name=${1#--}
        printf -v "$name" '%s' "$2"
        shift
        ;;
      --folder)
        [[ -d ${2-} ]] || die "--folder needs a folder, not '${2-}'"
        folder=$2
        shift
        ;;
      -h | --help)
        usage
        exit
        ;;
      *) die "unknown option '$1'; --help shows them" ;;
    esac
    shift
  done
}

server=0
transfers=0

stop() {
  local process=$1
  if ((process == 0)); then return; fi
  kill -TERM "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
}

clean_up() {
  stop "$transfers"
  stop "$server"
  rm -rf "$work"
}

start_server() {
  rm -f "$work/port"
  setsid "$programs/pkv_server" --workers "$workers" --port 0 --port-file "$work/port" \
    >"$work/server.log" 2>&1 </dev/null &
  server=$!
  local deadline=$((SECONDS + 60))
  until [[ -s $work/port ]]; do
    if ! kill -0 "$server" 2>/dev/null || ((SECONDS >= deadline)); then
      die "the server did not start; it said: $(tail -n 5 "$work/server.log")"
    fi
    sleep 0.05
  done
  port=$(<"$work/port")
}

pkv() { "$programs/pkv" --port "$port" "$@"; }

# --- the ways, each for all of the file --------------------------------------------------------

put_file() { pkv put-file big "$work/up"; }
get_file() { pkv get-file --force big "$work/down"; }
get_to_stdout() { pkv get-file big - >"$work/down"; }
# Over a file that is there: no memory is new, which the kernel would have to clear.
get_over() { pkv get-file big - 1<>"$work/down"; }
# What a new file costs others where pkv has no part in it; as long as a transfer.
copy_file() {
  local end=$((SECONDS + milliseconds / 1000 + 2))
  while ((SECONDS <= end)); do cat "$work/up" >"$work/down"; done
}
pipe_up() { redis-cli -p "$port" --pipe <"$work/sets" >"$work/answers"; }
cli_up() {
  local number
  for ((number = 0; number < mebibytes; ++number)); do
    head -c "$mib" | redis-cli -p "$port" -x SET "value:$number"
  done <"$work/up" >"$work/answers"
}
cli_down() { redis-cli -p "$port" <"$work/gets" >"$work/down"; }
benchmark_up() { run_benchmark set; }
benchmark_down() { run_benchmark get; }
# Few keys, chosen at random: so that nearly all are there when they are read.
run_benchmark() {
  redis-benchmark -p "$port" -c 1 -P 8 -d "$mib" -n "$mebibytes" -r 256 -t "$1" -q >"$work/answers"
}

# measure WAY: adds its MiB per second to the file WAY.
measure() {
  local begin=${EPOCHREALTIME/[.,]/}
  "$1" || die "$1 failed"
  local end=${EPOCHREALTIME/[.,]/}
  awk -v size="$mebibytes" -v us=$((end - begin)) 'BEGIN { printf "%.0f\n", size * 1e6 / us }' >>"$work/$1"
}

# The commands that redis-cli is to send: the file in values of 1 MiB, and reading them.
write_commands() {
  local number
  for ((number = 0; number < mebibytes; ++number)); do
    printf 'GET value:%d\n' "$number" >&4
    # shellcheck disable=SC2016 # the dollars are RESP's
    printf '*3\r\n$3\r\nSET\r\n$%d\r\nvalue:%d\r\n$%d\r\n' $((6 + ${#number})) "$number" "$mib"
    head -c "$mib"
    printf '\r\n'
  done <"$work/up" >"$work/sets" 4>"$work/gets"
}

measure_throughput() {
  local round
  for ((round = 1; round <= rounds; ++round)); do
    say "round $round of $rounds"
    measure put_file
    measure get_file
    cmp "$work/up" "$work/down" || die 'the file that came back is another one'
    measure get_to_stdout
    pkv rm-file big
    measure cli_up
    measure pipe_up
    measure cli_down
    pkv exec FLUSHALL >/dev/null
    measure benchmark_up
    measure benchmark_down
    pkv exec FLUSHALL >/dev/null
  done
}

# --- memory --------------------------------------------------------------------------------------

peak_of() { awk '/^VmHWM/ { printf "%.0f\n", $2 / 1024 }' "/proc/$1/status" 2>/dev/null; }

# watch_client COMMAND...: runs the client, and prints its peak memory in MiB.
watch_client() {
  local client peak=0 now
  "$programs/pkv" --port "$port" "$@" &
  client=$!
  while now=$(peak_of "$client") && [[ -n $now ]]; do
    peak=$now
    sleep 0.02
  done
  wait "$client" || die "$1 failed"
  printf '%s\n' "$peak"
}

measure_memory() {
  local rank0
  rank0=$(pkv exec INFO server | sed -n 's/^process_id:\([0-9]*\).*/\1/p')
  rank0_before=$(peak_of "$rank0")
  client_up=$(watch_client put-file big "$work/up")
  client_down=$(watch_client get-file --force big "$work/down")
  rank0_after=$(peak_of "$rank0")
  pkv rm-file big
}

# --- other clients -------------------------------------------------------------------------------

# others: GETs at a fixed rate; prints the median and the 99th percentile in ms.
others() {
  "$PKV_BUILD/bench/pkv_bench" --port "$port" -w get -c 20 --rate "$rate" --poisson \
    --duration "${milliseconds}e-3" --warm-up 0.1 --no-load --quiet --json "$work/others.json" >"$work/others.txt" ||
    die "pkv_bench failed: $(tail -n 5 "$work/others.txt")"
  sed -n 's/.*"all": .*"p50_ms": \([0-9.]*\).*"p99_ms": \([0-9.]*\).*/\1 \2/p' "$work/others.json"
}

# within WAY: the same, from the beginning of one transfer to before its end.
within() {
  "$1" >/dev/null &
  transfers=$!
  others
  kill -0 "$transfers" 2>/dev/null ||
    die "$1 ended before others had been measured; --mebibytes has to be more, or --milliseconds less"
  wait "$transfers" || die "$1 failed"
  transfers=0
}

measure_others() {
  local window
  stop "$server"
  start_server
  "$PKV_BUILD/bench/pkv_bench" --port "$port" -w get --load-only --quiet >/dev/null
  # The file and then the next one beside it take memory that is new to the workers.
  within put_file >>"$work/while_new"
  within put_file >>"$work/while_new"
  for ((window = 1; window <= windows * rounds; ++window)); do
    others >>"$work/alone"
    within put_file >>"$work/while_up"
    within get_over >>"$work/while_over"
  done
  # By themselves: they give memory back, and the host of a virtual machine may take it.
  for ((window = 1; window <= windows * rounds; ++window)); do
    within get_file >>"$work/while_down"
    within copy_file >>"$work/while_copying"
  done
}

# --- the report ----------------------------------------------------------------------------------

# summarize WAY TITLE [OURS]: median and range, and the median of OURS / WAY by round.
summarize() {
  paste "$work/$1" "$work/${3-$1}" | sort -n | awk -v title="$2" -v ours="${3-}" '
    { value[NR] = $1; ratio[NR] = $2 / $1 }
    END {
      printf "%-34s %7d %9d .. %-7d", title, value[int((NR + 1) / 2)], value[1], value[NR]
      if (ours != "") printf " %6.2f", median(ratio, NR)
      printf "\n"
    }
    function median(array, count, i, j, kept) {
      for (i = 2; i <= count; ++i) {
        kept = array[i]
        for (j = i - 1; j > 0 && array[j] > kept; --j) array[j + 1] = array[j]
        array[j + 1] = kept
      }
      return array[int((count + 1) / 2)]
    }'
}

# noticed TITLE TIMES: medians of p50 and p99 and the range of the latter, and how often those alone.
noticed() {
  awk -v title="$1" '
    FNR == NR { alone50[++alone] = $1; alone99[alone] = $2; next }
    { p50[++count] = $1; p99[count] = $2 }
    END {
      sort(alone50, alone); sort(alone99, alone); sort(p50, count); sort(p99, count)
      printf "%-34s %7.3f %7.3f (%.2f .. %.2f) %7.1f %7.1f\n", title, middle(p50, count), middle(p99, count),
        p99[1], p99[count], middle(p50, count) / middle(alone50, alone), middle(p99, count) / middle(alone99, alone)
    }
    function middle(array, n) { return (array[int((n + 1) / 2)] + array[int(n / 2) + 1]) / 2 }
    function sort(array, n, i, j, kept) {
      for (i = 2; i <= n; ++i) {
        kept = array[i]
        for (j = i - 1; j > 0 && array[j] > kept; --j) array[j + 1] = array[j]
        array[j + 1] = kept
      }
    }' "$work/alone" "$work/$2"
}

report_transfers() {
  printf '%d MiB, %d rounds, %d workers, %d processor cores\n\n' "$mebibytes" "$rounds" "$workers" "$(nproc)"
  printf '%-34s %7s %9s .. %-7s %s\n' 'MiB per second' median lowest highest 'pkv / this'
  summarize put_file 'up: pkv put-file'
  summarize cli_up '    redis-cli -x, one per MiB' put_file
  summarize pipe_up '    redis-cli --pipe' put_file
  summarize benchmark_up '    redis-benchmark -c 1 -P 8' put_file
  summarize get_file 'down: pkv get-file'
  summarize get_to_stdout '    pkv get-file to standard output'
  summarize cli_down '    redis-cli' get_to_stdout
  summarize benchmark_down '    redis-benchmark -c 1 -P 8' get_to_stdout
  printf '\nmost memory in MiB: client up %s, client down %s, rank 0 %s (before: %s)\n' \
    "$client_up" "$client_down" "$rank0_after" "$rank0_before"
}

report_others() {
  printf '\n%-34s %7s %7s %20s\n' "GETs of 20 others, $rate per second" 'p50 ms' 'p99 ms' 'times those alone'
  noticed alone alone
  noticed 'beside put-file, memory is new' while_new
  noticed 'beside put-file' while_up
  noticed 'beside get-file, over a file' while_over
  noticed 'beside get-file, into a new one' while_down
  noticed 'beside cat, into a new file' while_copying
}

parse_options "$@"
for program in redis-benchmark redis-cli; do
  command -v "$program" >/dev/null || die "$program is not installed"
done
work=$(mktemp -d "$folder/pkv-files-XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

head -c "${mebibytes}M" /dev/urandom >"$work/up"
write_commands
start_server
say 'memory'
measure_memory
measure_throughput
report_transfers
say 'other clients'
measure_others
report_others
