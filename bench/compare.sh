#!/usr/bin/env bash
# pkv beside redis-server, nutcracker, memcached and a bare echo: tables, targets, CSV, image
#
# './dev bench compare --help' shows its options. All servers run on this machine, on the loopback
# interface, without persistence, and so do the load generators. In each round every server has its
# turn, so that what else the machine does falls on all; a ratio is that of one round, and the median
# of these is shown.
# shellcheck source-path=SCRIPTDIR/compare
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/compare
source "$here/servers.sh"
source "$here/loads.sh"
source "$here/groups.sh"

rounds=5
seconds=1 # each run of a load generator takes about that long
output=$PKV_BUILD/compare
declare -a chosen=()

usage() {
  cat <<'END'
Usage: ./dev bench compare [OPTIONS] [GROUP...]

Runs all groups of measurements, or those that are named (--list shows them).

  --rounds N      how often each server has its turn in each setting (5)
  --seconds S     how long one turn takes, about (1); less only shows that everything works
  --quick         only the groups throughput and latency, 3 rounds; about 3 minutes
  --output DIR    folder for runs.csv, summary.csv and compare.png (build/release/compare)
  --list          the groups
END
}

say() { printf '%s\n' "$*" >&2; }

die() {
  say "compare: $*"
  exit 1
}

# check_number NAME PATTERN VALUE: whether the value looks as it should.
check_number() {
  [[ $3 =~ ^$2$ && $3 =~ [1-9] ]] || die "$1 needs a number above 0, not '$3'"
}

parse_options() {
  while (($# > 0)); do
    case $1 in
      --rounds)
        check_number "$1" '[0-9]{1,4}' "${2-}"
        rounds=$2
        shift
        ;;
      --seconds)
        check_number "$1" '[0-9]{1,4}(\.[0-9]+)?' "${2-}"
        seconds=$2
        shift
        ;;
      --output)
        [[ -n ${2-} ]] || die "--output needs a folder"
        output=$2
        shift
        ;;
      --quick)
        rounds=3
        chosen+=(throughput latency)
        ;;
      --list)
        list_groups
        exit
        ;;
      -h | --help)
        usage
        exit
        ;;
      -*) die "unknown option '$1'; --help shows them" ;;
      *)
        is_group "$1" || die "no group '$1'; --list shows them"
        chosen+=("$1")
        ;;
    esac
    shift
  done
  if ((${#chosen[@]} == 0)); then chosen=("${groups[@]}"); fi
}

clean_up() {
  stop_all
  rm -rf "$work"
}

parse_options "$@"
mkdir -p "$output" || die "cannot make the folder $output"
for program in redis-server redis-benchmark redis-cli; do
  command -v "$program" >/dev/null || die "$program is not installed"
done
# Enough for 1,000 clients and as many connections of a proxy; few enough to be closed one by one.
ulimit -Sn 4096 || die "at least 4096 open files must be allowed, see ulimit -Hn"

work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

printf 'group,setting,server,load,round,operation,metric,value\n' >"$output/runs.csv"
begin=$SECONDS
for group in "${chosen[@]}"; do
  say "$group: $(title_of "$group")"
  "measure_$group"
  stop_all
done

printf '%d rounds of %s s, %d processor cores shared by servers and load, %d s in all\n' \
  "$rounds" "$seconds" "$(nproc)" $((SECONDS - begin))
awk -f "$here/statistics.awk" -f "$here/tables.awk" -v summary="$output/summary.csv" \
  "$here/groups.txt" "$output/runs.csv"
awk -f "$here/statistics.awk" -f "$here/targets.awk" "$output/runs.csv" "$here/targets.txt"

printf '\nWritten:\n  %s\n  %s\n' "$output/runs.csv" "$output/summary.csv"
if ! command -v gnuplot >/dev/null; then
  printf 'There is no image: gnuplot is not installed\n'
elif gnuplot -c "$here/compare.gnuplot" "$output" 2>"$work/gnuplot.log"; then
  printf '  %s\n' "$output/compare.png"
else
  printf 'There is no image: gnuplot failed: %s\n' "$(<"$work/gnuplot.log")"
fi
