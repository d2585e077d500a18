# shellcheck shell=bash disable=SC2034,SC2154 # variables of the other files
# The servers that are compared: how each is started, emptied and ended.
#
#   start redis pkv-tcp ...   starts servers, and waits until they take clients; those that are not
#                             installed are left out
#   stop_all                  ends every process that was started
#
# Sets `running`, the names of those that take clients, and `port_of` each. pkv-tcp and pkv-8 are pkv
# with the ranks connected by TCP, and with 8 workers.

readiness_seconds=60
stopping_seconds=20
backend_count=4

declare -a running=() processes=() backend_ports=()
declare -A port_of=()

start() {
  local name
  for name in "$@"; do
    if ! is_installed "$name"; then
      say "  (without $name, which is not installed)"
      continue
    fi
    "start_${name%%-*}" "$name"
    running+=("$name")
  done
}

is_installed() {
  case $1 in
    nutcracker | memcached) command -v "$1" >/dev/null ;;
    *) true ;;
  esac
}

# Asks the last one first: nutcracker before the servers behind it.
stop_all() {
  local i process deadline=$((SECONDS + stopping_seconds))
  for ((i = ${#processes[@]} - 1; i >= 0; --i)); do
    process=${processes[i]}
    kill -TERM "$process" 2>/dev/null || true
    while kill -0 "$process" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.01; done
    # What is left of its session, if it did not end as asked.
    if kill -0 "$process" 2>/dev/null; then kill -KILL -- "-$process" 2>/dev/null || true; fi
    wait "$process" 2>/dev/null || true
  done
  running=() processes=() backend_ports=() port_of=()
}

# launch NAME COMMAND...: in a session of its own, which Ctrl-C does not reach.
launch() {
  setsid "${@:2}" >"$work/$1.log" 2>&1 </dev/null &
  processes+=($!)
}

# until_ready NAME CONDITION...: waits for what NAME, the last one launched, is to do.
until_ready() {
  local deadline=$((SECONDS + readiness_seconds)) why=''
  until "${@:2}" 2>/dev/null; do
    kill -0 "${processes[-1]}" 2>/dev/null || why="$1 ended at once"
    ((SECONDS < deadline)) || why="$1 was not ready in $readiness_seconds s"
    [[ -z $why ]] || die "$why; it said: $(tail -n 5 "$work/$1.log")"
    sleep 0.02
  done
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Sets `port` to one that is free, from below those that the system gives to clients.
choose_port() {
  port=$((20000 + RANDOM % 10000))
  while accepts "$port"; do port=$((20000 + RANDOM % 10000)); done
}

start_redis() {
  choose_port
  launch "$1" redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no --dir "$work"
  until_ready "$1" accepts "$port"
  port_of[$1]=$port
}

# twemproxy as its authors recommend it, and as many servers behind it as pkv has workers.
start_nutcracker() {
  local i
  backend_ports=()
  for ((i = 0; i < backend_count; ++i)); do
    start_redis "backend$i"
    backend_ports+=("$port")
  done
  choose_port
  port_of[nutcracker]=$port
  {
    printf '%s:\n' compare
    printf '  %s\n' "listen: 127.0.0.1:$port" 'redis: true' 'hash: fnv1a_64' \
      'distribution: ketama' 'preconnect: true' 'servers:'
    printf '    - 127.0.0.1:%d:1\n' "${backend_ports[@]}"
  } >"$work/nutcracker.yml"
  choose_port
  launch nutcracker nutcracker --conf-file "$work/nutcracker.yml" --pid-file "$work/nutcracker.pid" \
    --output "$work/nutcracker.log" --verbose 4 --stats-addr 127.0.0.1 --stats-port "$port"
  until_ready nutcracker accepts "${port_of[nutcracker]}"
}

start_memcached() {
  choose_port
  port_of[memcached]=$port
  launch memcached memcached -l 127.0.0.1 -p "$port" -U 0 -u "$(id -un)" -c 4096 \
    -m 2048 -I 2m # megabytes in all, and the longest value
  until_ready memcached accepts "$port"
}

start_echo() { start_with_port_file echo "$PKV_BUILD/bench/compare/pkv_bare_echo"; }

start_pkv() {
  local workers=4 transport=shm
  case ${1#pkv} in
    -tcp) transport=tcp ;;
    -*) workers=${1#pkv-} ;;
  esac
  start_with_port_file "$1" "$PKV_BUILD/bin/pkv_server" --workers "$workers" \
    --transport "$transport"
}

start_with_port_file() {
  local file=$work/$1.port
  launch "$@" --port 0 --port-file "$file"
  until_ready "$1" test -s "$file"
  port_of[$1]=$(<"$file")
}

# --- what they hold -----------------------------------------------------------------------------

# ask SERVER COMMAND...: the answer of a server that speaks redis' protocol.
ask() { redis-cli -p "${port_of[$1]}" "${@:2}"; }

flush() {
  local backend
  case $1 in
    echo) ;;
    memcached)
      exec 3<>"/dev/tcp/127.0.0.1/${port_of[memcached]}"
      printf 'flush_all\r\nquit\r\n' >&3
      cat <&3 >/dev/null # until it has done so and hung up
      exec 3>&-
      ;;
    nutcracker)
      for backend in "${backend_ports[@]}"; do redis-cli -p "$backend" FLUSHALL >/dev/null; done
      ;;
    *) ask "$1" FLUSHALL >/dev/null ;;
  esac
}

count_keys() {
  local backend
  case $1 in
    nutcracker)
      for backend in "${backend_ports[@]}"; do redis-cli -p "$backend" DBSIZE; done |
        awk '{ sum += $1 } END { print sum }'
      ;;
    *) ask "$1" DBSIZE ;;
  esac
}
