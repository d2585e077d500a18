# One panel of compare.gnuplot: a metric of some servers, side by side for each setting.
#
#     call "panel.gnuplot" GROUP OPERATION METRIC SETTINGS SERVERS TITLE UNIT

group = ARG1
operation = ARG2
metric = ARG3
settings = ARG4
servers = ARG5

# Colours that people with any colour vision can tell apart (Okabe and Ito).
known = "pkv pkv-tcp redis nutcracker memcached echo pkv-1 pkv-2 pkv-4 pkv-8"
colours = "#0072b2 #56b4e9 #d55e00 #e69f00 #cc79a7 #444444 #56b4e9 #009e73 #0072b2 #cc79a7"
place_in(list, name) = int(sum [i = 1:words(list)] (word(list, i) eq name ? i : 0))
colour_of(server) = word(colours, place_in(known, server))

# Whether the line that is read belongs here, and for which server; and its place from left to right.
belongs(server) = (strcol(1) eq group && strcol(3) eq operation && strcol(4) eq metric \
  && strcol(5) eq server && place_in(settings, strcol(2)) > 0)
step = 0.8 / words(servers)
place(server) = place_in(settings, strcol(2)) \
  + step * (place_in(servers, server) - (words(servers) + 1) / 2.0)
figure(server, field) = belongs(server) ? column(field) : NaN

set title ARG6 offset 0,1.8
set ylabel ARG7
set xrange [0.5:words(settings) + 0.5]
set xtics scale 0 ("" 0)
do for [i = 1:words(settings)] { set xtics add (word(settings, i) i) }

is_here(column) = sum [i = 1:words(servers)] belongs(word(servers, i))
stats summary using (is_here(1) > 0 ? 1 : NaN) skip 1 nooutput
if (exists("STATS_records") && STATS_records > 0) {
  plot for [server in servers] summary \
    using (place(server)):(figure(server, 6)):(figure(server, 7)):(figure(server, 8)) skip 1 \
    with yerrorbars pointtype 7 pointsize 1.6 linewidth 2.5 linecolor rgb colour_of(server) \
    title server
} else {
  set label 1 "not measured" at graph 0.5, graph 0.5 center
  plot [][1:2] NaN notitle
  unset label 1
}
