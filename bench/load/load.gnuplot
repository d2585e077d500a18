# Draws the figures of a run of pkv_bench; by 'pkv_bench --plot', or by hand:
#
#     gnuplot -c load.gnuplot PERCENTILES.csv SECONDS.csv IMAGE.png TITLE

percentiles = ARG1
seconds = ARG2

set terminal pngcairo size 1500,620 font "DejaVu Sans,12" background "#ffffff"
set output ARG3
set datafile separator comma
set datafile columnheaders

# Colours that people with any colour vision can tell apart (Okabe and Ito).
blue = "#0072b2"
orange = "#e69f00"
green = "#009e73"
red = "#d55e00"
purple = "#cc79a7"
grey = "#444444"
colours = grey . " " . blue . " " . orange . " " . green . " " . red . " " . purple

set border 3 linecolor rgb grey
set tics nomirror out textcolor rgb "#222222"
set grid linecolor rgb "#dddddd" linetype 1
set key top left samplen 1.5 Left reverse

set multiplot layout 1,2 margins 0.06,0.94,0.12,0.84 spacing 0.1,0.1
set label 1 ARG4 at screen 0.5, screen 0.95 center noenhanced font "DejaVu Sans,13"

# --- latency by percentile: each step to the right is ten times rarer ----------------------------
set title "Latency by percentile"
set xlabel "per cent of operations that were not slower"
set ylabel "milliseconds"
set logscale xy
set format y "%g"
set xtics ("0" 1, "50" 2, "90" 10, "99" 100, "99.9" 1000, "99.99" 10000, "99.999" 100000, \
           "99.9999" 1000000)
stats percentiles using 2 nooutput
columns = STATS_columns
plot for [column = 3:columns] percentiles using 2:column with lines linewidth 2 \
       linecolor rgb word(colours, column - 2) title columnheader(column)
unset label 1
unset logscale
set xtics auto

# --- over time -----------------------------------------------------------------------------------
set title "Throughput and latency second by second"
set xlabel "seconds"
set ylabel "thousand operations per second"
set y2label "milliseconds"
set xrange [0:*]
set yrange [0:*]
set logscale y2
set format y2 "%g"
set border 11
set y2tics
set offsets 0, 0, graph 0.25, 0
plot seconds using 1:($3 / 1000) axes x1y1 with linespoints linewidth 2.5 pointtype 7 \
       linecolor rgb blue title "throughput", \
     seconds using 1:7 axes x1y2 with lines linewidth 1.5 linecolor rgb orange title "p99 (right)", \
     seconds using 1:9 axes x1y2 with lines linewidth 1.5 linecolor rgb red title "max (right)"
unset multiplot
