# shellcheck shell=bash disable=SC2034,SC2154 # variables of the scripts
# pkv_server and redis-server for scripts that measure one beside the other.
#
#   start_pkv [OPTION...]     starts a server with 4 workers, and waits until it takes clients;
#                             pkv_port is its port, and the log $work/pkv.log
#   start_redis [OPTION...]   the same with redis-server, redis_port and $work/redis.log
#   stop_servers              ends all that were started
#
# The script sets `work`, a folder of its own, which goes when it ends, and with it the servers.

workers=4
programs=$PKV_BUILD/bin
declare -a servers=()

say() { printf '%s\n' "$*" >&2; }

die() {
  say "$(basename "$0" .sh): $*"
  exit 1
}

stop_servers() {
  local server
  for server in "${servers[@]}"; do kill -TERM "$server" 2>/dev/null || true; done
  for server in "${servers[@]}"; do wait "$server" 2>/dev/null || true; done
  servers=()
}

clean_up() {
  stop_servers
  if [[ -n ${work-} ]]; then rm -rf "$work"; fi
}
trap clean_up EXIT

# Waits for the condition, at most a minute.
until_true() {
  local deadline=$((SECONDS + 60))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || die "gave up waiting for: $*"
    sleep 0.005
  done
}

start_pkv() {
  rm -f "$work/port"
  "$programs/pkv_server" --workers "$workers" --port 0 --port-file "$work/port" "$@" \
    >"$work/pkv.log" 2>&1 </dev/null &
  servers+=($!)
  until_true test -s "$work/port"
  pkv_port=$(<"$work/port")
}

# The port is from below those that the system gives to clients: there a client that asks a port where
# nobody listens can meet itself, and takes its own question for an answer.
start_redis() {
  rm -rf "$work/redis"
  mkdir "$work/redis"
  redis_port=$((20000 + RANDOM % 10000))
  redis-server --port "$redis_port" --bind 127.0.0.1 --save '' --dir "$work/redis" "$@" \
    >"$work/redis.log" 2>&1 </dev/null &
  servers+=($!)
  until_true redis_answers_or_ended $!
  kill -0 $! 2>/dev/null || die "redis-server did not start: $(tail -n 3 "$work/redis.log")"
}

redis_answers_or_ended() { ! kill -0 "$1" || redis-cli -p "$redis_port" ping; }
