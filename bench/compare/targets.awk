# Prints what was to be reached and what was, for every operation that was measured:
#
#     awk -f statistics.awk -f targets.awk runs.csv targets.txt

FILENAME ~ /targets\.txt$/ && !/^#/ { targets[++target_count] = $0 }

END {
  printf "\n%-54s %-10s %9s   %s\n", "target", "bound", "reached", ""
  for (t = 1; t <= target_count; ++t) {
    split(targets[t], field, "|")
    check_target(field[1], field[2], field[3], field[4], field[5], field[6], field[7], field[8] + 0)
  }
}

function check_target(text, group, setting, metric, server, base, relation, bound,
                      i, part, sorted, count, reached, any) {
  for (i = 1; i <= row_count; ++i) {
    split(rows[i], part, SUBSEP)
    if (part[1] != group || part[2] != setting || part[4] != metric) continue
    count = sort_figures(rows[i], server, base, sorted)
    if (count == 0) continue
    any = 1
    reached = middle(sorted, count)
    printf "%-54s %-10s %9.3f   %s\n", text (part[3] ~ /^[A-Z]+$/ ? ", " part[3] : ""),
      relation " " bound, reached, verdict(reached, relation, bound)
  }
  if (!any) printf "%-54s %-10s %9s   %s\n", text, relation " " bound, "", "not measured"
}

function verdict(reached, relation, bound) {
  if (relation == ">=" ? reached >= bound : relation == "<" ? reached < bound : reached <= bound)
    return "met"
  return sprintf("missed by %.3f", reached > bound ? reached - bound : bound - reached)
}
