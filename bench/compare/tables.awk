# Prints the tables, and writes medians and spread of all rows to the CSV file `summary`:
#
#     awk -f statistics.awk -f tables.awk -v summary=FILE groups.txt runs.csv

BEGIN {
  split("redis nutcracker echo pkv-1", bases, " ")
  name["requests_per_second"] = "requests per second"
  name["megabytes_per_second"] = "megabytes of values per second"
  name["p50_us"] = "median time of a request, microseconds"
  name["p99_us"] = "99th percentile of the time of a request, microseconds"
  name["resident_mib"] = "resident memory of the process with the connections, MiB"
  name["cpu_percent"] = "processor time of all processes, per cent of a core"
}

FILENAME ~ /groups\.txt$/ {
  split($0, fields, "|")
  shown[fields[1]] = fields[2]
  title[fields[1]] = substr($0, length(fields[1]) + length(fields[2]) + 3)
}

END {
  write_summary()
  for (i = 1; i <= row_count; ++i) {
    split(rows[i], part, SUBSEP)
    if (part[1] in printed) continue
    printed[part[1]]
    count = split(shown[part[1]], metrics, " ")
    for (m = 1; m <= count; ++m) print_table(part[1], metrics[m])
  }
}

function print_table(group, metric,    i, part, has_any) {
  find_bases(group, metric)
  for (i = 1; i <= row_count; ++i) {
    split(rows[i], part, SUBSEP)
    if (part[1] != group || part[4] != metric) continue
    if (!has_any++) print_head(group, metric)
    print_row(rows[i], part[2], part[3])
  }
}

# Which of the servers that others are compared with are in the group.
function find_bases(group, metric,    i, b, part) {
  for (b in bases) has_base[b] = 0
  for (i = 1; i <= row_count; ++i) {
    split(rows[i], part, SUBSEP)
    if (part[1] != group || part[4] != metric) continue
    for (b in bases) if (index(" " servers[rows[i]] " ", " " bases[b] " ")) has_base[b] = 1
  }
}

function print_head(group, metric,    b) {
  printf "\n%s: %s\n%s\n\n", group, title[group], name[metric]
  printf "%-18s %-12s %-11s %11s  %11s .. %-11s", "", "", "", "median", "lowest", "highest"
  for (b = 1; b in bases; ++b) if (has_base[b]) printf "  %12s", "/ " bases[b]
  print ""
}

function print_row(row, setting, operation,    names, count, n, b, sorted, figures) {
  count = split(servers[row], names, " ")
  for (n = 1; n <= count; ++n) {
    figures = sort_figures(row, names[n], "", sorted)
    printf "%-18s %-12s %-11s %11s  %11s .. %-11s", n == 1 ? setting : "", n == 1 ? operation : "",
      names[n], readable(middle(sorted, figures)), readable(sorted[1]), readable(sorted[figures])
    for (b = 1; b in bases; ++b) if (has_base[b]) {
      figures = sort_figures(row, names[n], bases[b], sorted)
      printf "  %12s", figures == 0 || names[n] == bases[b] ? "" : sprintf("%.2f", middle(sorted, figures))
    }
    print ""
  }
}

function write_summary(    i, n, part, names, count, sorted, figures) {
  print "group,setting,operation,metric,server,median,lowest,highest" >summary
  for (i = 1; i <= row_count; ++i) {
    split(rows[i], part, SUBSEP)
    count = split(servers[rows[i]], names, " ")
    for (n = 1; n <= count; ++n) {
      figures = sort_figures(rows[i], names[n], "", sorted)
      printf "%s,%s,%s,%s,%s,%.6g,%.6g,%.6g\n", part[1], part[2], part[3], part[4], names[n],
        middle(sorted, figures), sorted[1], sorted[figures] >summary
    }
  }
  close(summary)
}
