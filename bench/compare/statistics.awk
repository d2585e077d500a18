# What tables.awk and targets.awk share: reads runs.csv into `value`, and gives medians of it.
#
# A row is what servers are compared in: group, setting, operation and metric, joined by SUBSEP.

BEGIN { FS = "," }

FILENAME ~ /runs\.csv$/ && FNR > 1 {
  row = $1 SUBSEP $2 SUBSEP $6 SUBSEP $7
  if (!(row in servers)) {
    rows[++row_count] = row
    servers[row] = $3
  } else if (index(" " servers[row] " ", " " $3 " ") == 0) {
    servers[row] = servers[row] " " $3
  }
  value[row, $3, $5] = $8
  if ($5 > rounds) rounds = $5
}

# Fills `sorted` with the figures of a server, lowest first, and returns how many there are. With
# another server as `base`, what is sorted are the ratios to its figures, round by round.
function sort_figures(row, server, base, sorted,    round, count, i, figure) {
  split("", sorted)
  count = 0
  for (round = 1; round <= rounds; ++round) {
    if (!((row, server, round) in value)) continue
    figure = value[row, server, round]
    if (base != "") {
      if (!((row, base, round) in value) || value[row, base, round] + 0 == 0) continue
      figure /= value[row, base, round]
    }
    for (i = ++count; i > 1 && sorted[i - 1] > figure + 0; --i) sorted[i] = sorted[i - 1]
    sorted[i] = figure + 0
  }
  return count
}

function middle(sorted, count) {
  if (count % 2 == 1) return sorted[(count + 1) / 2]
  return (sorted[count / 2] + sorted[count / 2 + 1]) / 2
}

# 1234567 as 1,234,567; figures below 1000 with some digits behind the point.
function readable(figure,    digits, text) {
  if (figure < 10) return sprintf("%.2f", figure)
  if (figure < 1000) return sprintf("%.1f", figure)
  digits = sprintf("%.0f", figure)
  text = ""
  while (length(digits) > 3) {
    text = "," substr(digits, length(digits) - 2) text
    digits = substr(digits, 1, length(digits) - 3)
  }
  return digits text
}
