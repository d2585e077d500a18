#!/usr/bin/env bash
# Throughput and latencies under YCSB's workloads or a fixed rate, every answer checked
#
# './dev bench load [OPTIONS]' starts pkv_server with 4 workers and runs pkv_bench, which takes the
# options, against it; with --host or --port it takes the server that is there instead.
# './dev bench load --help' shows the options.
set -euo pipefail

bench=$PKV_BUILD/bench/pkv_bench
readiness_seconds=60
server=0

case " $* " in
  *' --host'[\ =]* | *' --port'[\ =]* | *' --help '* | *' -h '* | *' --version '*) exec "$bench" "$@" ;;
esac

work=$(mktemp -d)

clean_up() {
  if ((server != 0)); then
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT
trap : INT # pkv_bench ends by itself then, and says what it has measured

# In a session of its own, so that Ctrl-C does not reach it.
setsid "$PKV_BUILD/bin/pkv_server" --workers 4 --port 0 --port-file "$work/port" \
  >"$work/server.log" 2>&1 </dev/null &
server=$!
deadline=$((SECONDS + readiness_seconds))
until [[ -s $work/port ]]; do
  if ! kill -0 "$server" 2>/dev/null || ((SECONDS >= deadline)); then
    printf 'load: the server did not start; it said:\n' >&2
    cat "$work/server.log" >&2
    exit 1
  fi
  sleep 0.05
done

"$bench" --port "$(<"$work/port")" "$@"
