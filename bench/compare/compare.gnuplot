# Draws compare.png from summary.csv in the folder given as argument:
#
#     gnuplot -c compare.gnuplot FOLDER

summary = ARG1 . "/summary.csv"
panel = system("dirname '" . ARG0 . "'") . "/panel.gnuplot"

set terminal pngcairo size 2300,1100 font "DejaVu Sans,12" background "#ffffff"
set output ARG1 . "/compare.png"
set datafile separator comma

set border 3 linecolor rgb "#444444"
set tics nomirror out textcolor rgb "#222222"
set grid noxtics ytics linecolor rgb "#dddddd" linetype 1
set key at graph 0.5, graph 1.01 center bottom horizontal samplen 1 Left reverse
set logscale y
set format y "%.0s%c"

set multiplot layout 2,4 margins 0.045,0.99,0.06,0.86 spacing 0.052,0.17 \
  title "pkv beside other servers: medians, and lines from the lowest to the highest run\n" \
  font "DejaVu Sans,18"
call panel "throughput" "SET" "requests_per_second" "'P 1' 'P 16' 'P 64'" \
  "redis nutcracker echo pkv-tcp pkv" "SET of 64 bytes, 50 clients, by pipeline" "per second"
call panel "throughput" "GET" "requests_per_second" "'P 1' 'P 16' 'P 64'" \
  "redis nutcracker echo pkv-tcp pkv" "GET of 64 bytes, 50 clients, by pipeline" "per second"
call panel "workers" "GET" "requests_per_second" "'P 1' 'P 16'" \
  "pkv-1 pkv-2 pkv-4 pkv-8" "GET by number of workers, by pipeline" "per second"
call panel "latency" "GET" "p50_us" "'1 client'" \
  "redis nutcracker pkv" "Median time of 1 client's GET" "microseconds"
call panel "values" "SET" "megabytes_per_second" "'16 B' '1 KiB' '64 KiB' '1 MiB'" \
  "redis nutcracker pkv" "SET by length of the values" "megabytes per second"
call panel "values" "GET" "megabytes_per_second" "'16 B' '1 KiB' '64 KiB' '1 MiB'" \
  "redis nutcracker pkv" "GET by length of the values" "megabytes per second"
call panel "mix" "all" "requests_per_second" \
  "'A P 16' 'B P 16' 'C P 16' 'D P 16' 'F P 16'" \
  "redis nutcracker memcached pkv" "YCSB, values of 1 KiB, pipeline of 16" "per second"
call panel "half-load" "all" "p99_us" "'half load'" \
  "redis pkv" "99th percentile at half of redis' load" "microseconds"
unset multiplot
