# Draws failover.png from timeline.csv, events.csv and samples.csv in the folder given as argument:
#
#     gnuplot -c failover.gnuplot FOLDER

folder = ARG1
timeline = folder . "/timeline.csv"
events = folder . "/events.csv"
samples = folder . "/samples.csv"

set terminal pngcairo size 1800,1250 font "DejaVu Sans,13" background "#ffffff"
set output folder . "/failover.png"
set datafile separator comma
set datafile missing NaN # joins the lines of one node across those of the others

# Colours that people with any colour vision can tell apart (Okabe and Ito).
blue = "#0072b2"
orange = "#e69f00"
red = "#d55e00"
grey = "#444444"

stats timeline using 1 skip 1 nooutput
last = STATS_max
stats timeline using 2 skip 1 nooutput
most_requests = STATS_max / 1000
stats events using 3 skip 1 nooutput
event_count = STATS_records
stats samples using 2 skip 1 nooutput
least_node = STATS_min
most_node = STATS_max

set border 3 linecolor rgb grey
set tics nomirror out textcolor rgb "#222222"
set grid noxtics ytics linecolor rgb "#dddddd" linetype 1
set xrange [0:last]
set key off
set style fill solid 0.25 noborder

# A line at each event; shaded until all copies are complete, lighter until the rest is erased.
begin_of(i) = real(word(begins, i))
begins = ""
completes = ""
tidies = ""
names = ""
stats events using (begins = begins . " " . strcol(3), completes = completes . " " . strcol(6), \
                    tidies = tidies . " " . strcol(7), \
                    names = names . " \"" . strcol(1) . "\"", 0) skip 1 nooutput
do for [i = 1:event_count] {
  set arrow i from first begin_of(i), graph 0 to first begin_of(i), graph 1 nohead back \
    linewidth 1.5 linecolor rgb red
  set object 2 * i rectangle from first begin_of(i), graph 0 \
    to first real(word(tidies, i)), graph 1 back fillcolor rgb orange fillstyle solid 0.15 noborder
  set object 2 * i + 1 rectangle from first begin_of(i), graph 0 \
    to first real(word(completes, i)), graph 1 back fillcolor rgb orange fillstyle solid 0.3 noborder
}

set multiplot
set label 1000 "pkv: nodes fail, are killed, drained and come back while clients work" \
  at screen 0.5, screen 0.975 center font "DejaVu Sans,18"
set label 1001 "line: the event; shaded: until every key has all its copies again; lighter: until those too many are erased" \
  at screen 0.5, screen 0.948 center textcolor rgb grey

# --- throughput ---------------------------------------------------------------------------------
set lmargin at screen 0.075
set rmargin at screen 0.985
set tmargin at screen 0.84
set bmargin at screen 0.62
set ylabel "thousand requests\nper second" offset -1.5,0
set yrange [0:1.1 * most_requests]
do for [i = 1:event_count] {
  set label 2000 + i word(names, i) at first begin_of(i), graph 1.03 rotate by 40 left \
    textcolor rgb red font "DejaVu Sans,11"
}
plot timeline using 1:($2 / 1000) skip 1 with lines linewidth 1.5 linecolor rgb blue
do for [i = 1:event_count] { unset label 2000 + i }
unset label 1000
unset label 1001

# --- what a client noticed -------------------------------------------------------------------
set tmargin at screen 0.58
set bmargin at screen 0.37
set ylabel "longest wait of\na client, ms" offset -1.5,0
set logscale y
set yrange [0.5:*]
set format y "%g"
plot timeline using 1:($3 > 0.5 ? $3 : 0.5) skip 1 with lines linewidth 1.5 linecolor rgb blue
unset logscale y
set format y "%h"

# --- keys on the nodes -----------------------------------------------------------------------
set tmargin at screen 0.33
set bmargin at screen 0.07
set ylabel "thousand keys\non each node" offset -1.5,0
set xlabel "seconds"
set yrange [0:*]
plot for [node = least_node:most_node] samples \
       using ($2 == node ? $1 : NaN):($5 / 1000) skip 1 with lines linewidth 1.5 linetype node
unset multiplot
