#!/usr/bin/env bash
# Instructions per command at rank 0 and at a worker, GET and SET: repeatable, so small changes show
#
# './dev bench instructions [--functions] [--whole]': counts with valgrind, part by part, every part
# twice, and says what has changed since the last time. --functions shows also where the most are
# spent, --whole what whole processes of a real server spend, which is less exact.
set -euo pipefail

program=$PKV_BUILD/bench/instructions/pkv_instructions
folder=$PKV_BUILD/instructions # keeps the counts for the next time
server=pkv::instructions::Server
shown_functions=15

# The parts of a command's way and the functions of the program that they are counted in.
declare -A functions=(
  [order]="$server::order_commands()"
  [frames]="$server::seal_requests() $server::check_replies()"
  [answer]="$server::answer_clients()"
  [worker]="$server::run_batches()"
)
functions[rank0]="${functions[order]} ${functions[frames]} ${functions[answer]}"

die() {
  printf 'instructions: %s\n' "$*" >&2
  exit 1
}

# profile PART KIND PIPELINE NAME: leaves NAME.profile, and in NAME.commands for how many commands.
profile() {
  local part=$1 kind=$2 pipeline=$3 name=$4 function
  local -a toggles=()
  for function in ${functions[$part]}; do toggles+=("--toggle-collect=$function"); done
  valgrind --quiet --tool=callgrind --instr-atstart=no "${toggles[@]}" \
    --callgrind-out-file="$name.profile" "$program" "$kind" "$pipeline" >"$name.commands"
}

# count RUN PART KIND PIPELINE: prints these, and the instructions per command.
count() {
  local name=$work/$1-$2-$3-$4
  profile "$2" "$3" "$4" "$name" || die "counting failed: $2 $3 $4"
  awk -v run="$1" -v part="$2" -v kind="$3" -v pipeline="$4" -v commands="$(<"$name.commands")" '
    $1 == "totals:" { total = $2 }
    END {
      if (total == 0) exit 1
      print run, part, kind, pipeline, total / commands
    }' "$name.profile" || die "nothing was counted: $2 $3 $4"
}

# Both runs of a part at the same time: the machine's load has no influence on what is counted.
count_all() {
  local part kind pipeline first second
  for part in order frames answer worker; do
    for kind in get set; do
      for pipeline in 16 1; do
        count 1 "$part" "$kind" "$pipeline" >"$work/first" &
        first=$!
        count 2 "$part" "$kind" "$pipeline" >"$work/second" &
        second=$!
        wait "$first"
        wait "$second"
        cat "$work/first" "$work/second"
      done
    done
  done
}

# The table, from lines as count() prints them.
print_table() {
  awk '
    function row(rank, title, part) {
      printf "%-8s %-32s %8.1f %8.1f   %8.1f %8.1f\n", rank, title, first[part, "get", 16],
        first[part, "set", 16], first[part, "get", 1], first[part, "set", 1]
    }
    $1 == 1 {
      first[$2, $3, $4] = $5
      if ($2 != "worker") first["rank0", $3, $4] += $5
    }
    $1 == 2 { second[$2, $3, $4] = $5 }
    END {
      printf "%-41s %17s   %17s\n", "instructions per command", "pipeline 16", "pipeline 1"
      printf "%-41s %8s %8s   %8s %8s\n", "", "GET", "SET", "GET", "SET"
      row("rank 0", "parse, order, append to a batch", "order")
      row("", "seal requests, check replies", "frames")
      row("", "match replies, encode, gather", "answer")
      row("", "all", "rank0")
      row("worker", "check, run, reply, seal", "worker")
      for (key in second) {
        difference = 100 * (second[key] - first[key]) / first[key]
        if (difference < 0) difference = -difference
        if (difference > largest) largest = difference
      }
      printf "\nLargest difference between two runs of a part: %.3f %%\n", largest
    }' "$1"
}

# What differs from the last time by a thousandth or more.
print_changes() {
  awk '
    $1 == 2 { next }
    NR == FNR { before[$2 " " $3 " " $4] = $5; next }
    {
      key = $2 " " $3 " " $4
      if (!(key in before)) next
      change = 100 * ($5 - before[key]) / before[key]
      if (change < 0.1 && change > -0.1) next
      printf "%-6s %s, pipeline %2d  %8.1f -> %8.1f  %+6.1f %%\n", $2, toupper($3), $4, before[key],
        $5, change
      ++changes
    }
    END { if (changes == 0) print "none" }' "$1" "$2"
}

# print_functions PART KIND: where the part spends its instructions itself, callees not included.
print_functions() {
  local name=$work/functions-$1-$2 title=$1
  if [[ $1 == rank0 ]]; then title='rank 0'; fi
  profile "$1" "$2" 16 "$name"
  printf '\n%s, %s, pipeline 16: instructions per command in the function itself\n' \
    "$title" "${2^^}"
  # ' 1,234 (5.6%)  file:function(parameters) [object]' becomes '1,234 5.6 function'.
  callgrind_annotate --auto=no --threshold=100 "$name.profile" |
    sed -nE 's/^ *([0-9,]+) \( *([0-9.]+)%\)  [^ :]*:([^ ].*) \[[^]]*\]$/\1 \2 \3/p' |
    sed -E 's/\(anonymous namespace\):://; s/\(.*//' |
    head -n "$shown_functions" |
    awk -v commands="$(<"$name.commands")" '{
      total = $1
      gsub(",", "", total)
      share = $2
      sub(/^[^ ]+ [^ ]+ /, "")
      printf "%8.1f %5.1f %%  %s\n", total / commands, share, $0
    }'
}

with_functions=false
with_whole=false
for option in "$@"; do
  case $option in
    --functions) with_functions=true ;;
    --whole) with_whole=true ;;
    *) die "unknown option '$option'; there are --functions and --whole" ;;
  esac
done
[[ -x $program ]] || die 'valgrind and its headers were not there when pkv was built'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"

count_all >"$work/counts"
print_table "$work/counts"
if [[ -s $folder/counts ]]; then
  printf '\nChanges since %s:\n' "$(date -r "$folder/counts" '+%F %T')"
  print_changes "$folder/counts" "$work/counts"
fi
cp "$work/counts" "$folder/counts"
if $with_functions; then
  for part in rank0 worker; do
    for kind in get set; do print_functions "$part" "$kind"; done
  done
fi
if $with_whole; then bash "$(dirname "${BASH_SOURCE[0]}")/instructions/whole.sh"; fi
