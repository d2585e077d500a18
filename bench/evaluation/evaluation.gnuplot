# Draws evaluation.png from times.csv, runs.csv and nodes.csv in the folder given as argument:
#
#     gnuplot -c evaluation.gnuplot FOLDER

folder = ARG1
times = folder . "/times.csv"
runs = folder . "/runs.csv"
nodes = folder . "/nodes.csv"

set terminal pngcairo size 1600,1150 font "DejaVu Sans,13" background "#ffffff"
set output folder . "/evaluation.png"
set datafile separator comma

# Colours that people with any colour vision can tell apart (Okabe and Ito).
blue = "#0072b2"
orange = "#e69f00"
green = "#009e73"
red = "#d55e00"
grey = "#444444"

operations = "create read update delete"
colours = blue . " " . green . " " . orange . " " . red

# The runs stand side by side, whatever their numbers of workers are.
stats runs using 1 skip 1 nooutput
run_count = STATS_records
array run_workers[run_count]
array run_mean[run_count]
stats runs using (run_workers[int($0) + 1] = $1) skip 1 nooutput
stats runs using (run_mean[int($0) + 1] = $6) skip 1 nooutput
place_of(workers) = sum [i = 1:run_count] (run_workers[i] == workers ? i : 0)
mean_of(workers) = run_mean[place_of(workers)]

set border 3 linecolor rgb grey
set tics nomirror out textcolor rgb "#222222"
set grid noxtics ytics linecolor rgb "#dddddd" linetype 1
set style fill solid 0.85 noborder
set key at graph 0.5, graph 1.02 center bottom horizontal samplen 1.5 Left reverse
set xrange [0.45:run_count + 0.55]
set xlabel "workers, and as many clients"
set xtics nomirror scale 0 ("" 0)
do for [i = 1:run_count] { set xtics add (sprintf("%d", run_workers[i]) i) }

set multiplot layout 2,2 margins 0.065,0.985,0.065,0.875 spacing 0.085,0.17
set label 1 "pkv: time of operations at rank 0, throughput, and how the nodes share the requests" \
  at screen 0.5, screen 0.968 center font "DejaVu Sans,18"

# --- time by kind: the median, and a line up to the 99th percentile -----------------------------
# On a busy machine the two are far apart, hence the logarithms.
set title "Time of an operation: dot at the median, line up to the 99th percentile" offset 0,1.2
set ylabel "microseconds"
set logscale y
set format y "%g"
offset_of(i) = (i - 2.5) * 0.2
is(i) = (strcol(3) eq word(operations, i))
plot for [i = 1:4] times using (is(i) ? place_of($1) + offset_of(i) : NaN):6:(0):($7 - $6) skip 1 \
       with vectors nohead linewidth 4 linecolor rgb word(colours, i) notitle, \
     for [i = 1:4] times using (is(i) ? place_of($1) + offset_of(i) : NaN):6 skip 1 \
       with points pointtype 7 pointsize 2 linecolor rgb word(colours, i) title word(operations, i), \
     for [i = 1:4] times using (is(i) ? place_of($1) + offset_of(i) - 0.06 : NaN):7:(0.12):(0) \
       skip 1 with vectors nohead linewidth 4 linecolor rgb word(colours, i) notitle
unset logscale y
set yrange [0:*]
unset label 1

# --- throughput --------------------------------------------------------------------------------
set title "Throughput of all clients together" offset 0,1.2
set ylabel "thousand operations per second"
set offsets 0, 0, graph 0.08, 0
plot runs using (place_of($1)):($5 / 1000):(0.55) skip 1 with boxes linecolor rgb blue notitle, \
     runs using (place_of($1)):($5 / 1000):(sprintf("%.1f", $5 / 1000)) skip 1 \
       with labels offset 0,0.8 notitle

# --- requests per node -------------------------------------------------------------------------
# The nodes of a run share its place from left to right.
width_of(workers) = 0.8 / workers
place_of_node(workers, node) = place_of(workers) - 0.4 + width_of(workers) * (node - 0.5)
set title "Requests to each node, their mean and standard deviation" offset 0,1.2
set ylabel "thousand requests"
set offsets 0, 0, graph 0.12, 0
plot nodes using (place_of_node($1, $3)):($4 / 1000):(0.9 * width_of($1)) skip 1 \
       with boxes linecolor rgb green title "one node", \
     runs using (place_of($1) - 0.43):($6 / 1000):(0.86):(0) skip 1 \
       with vectors nohead linewidth 2.5 linecolor rgb red title "mean of the nodes", \
     runs using (place_of($1)):($6 / 1000):(sprintf("σ = %.0f", $7)) skip 1 \
       with labels offset 0,1.4 notitle

# --- balance -----------------------------------------------------------------------------------
set title "How far each node is from an even share" offset 0,1.2
set ylabel "per cent of the mean"
set format y "%+g"
set yrange [*:*]
set offsets 0, 0, 1, 1
set xzeroaxis linetype 1 linecolor rgb grey
excess(share) = 100 * (share - 1)
plot nodes using (place_of_node($1, $3)):(excess($4 / mean_of($1))):(0.9 * width_of($1)) skip 1 \
       with boxes linecolor rgb green title "its requests", \
     nodes using (place_of_node($1, $3)):(excess($6 * $1)) skip 1 \
       with points pointtype 7 pointsize 1.1 linecolor rgb red title "its part of the ring"
unset multiplot
