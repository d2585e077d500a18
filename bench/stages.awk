# Sorts perf's samples by thread and stage; prints microseconds of processor time per command.
#
# Reads `perf script -F comm,pid,tid,ip,sym,dso`: per sample a line "comm pid/tid", then the frames,
# innermost first. Variables: rank0 (process id), frequency (samples per second), commands.

function thread_of(comm, pid, tid) {
  if (pid == rank0 && tid != rank0) return "1 rank 0, I/O thread"
  if (pid == rank0) return "2 rank 0, MPI thread"
  if (comm == "pkv_server") return "3 workers, all"
  if (comm == "redis-benchmark") return "4 redis-benchmark"
  if (comm == "swapper") return "5 idle"
  return "6 others"
}

# The stage of a sample, from its innermost frame and the system call that it is in.
function stage_of() {
  if (thread ~ /idle|others/) return "-"
  if (call ~ /recv|sys_read/) return thread ~ /I\/O|bench/ ? "read the socket" : "wake-up messages"
  if (call ~ /sendmsg|sendto|sys_write/) return thread ~ /I\/O|bench/ ? "write the socket, wake others" : "wake-up messages"
  if (call ~ /poll/) return "wait for events, switch threads"
  if (call ~ /process_vm/) return "copy between processes"
  if (call != "") return "other system calls"
  if (in_kernel) return "interrupts, page faults"
  if (thread ~ /bench/) return "its own work"
  if (module ~ /libmpich|libuc/) return "MPI and UCX"
  if (symbol ~ /boost::/) return "Asio"
  if (symbol ~ /RequestParser|find_command/) return "parse"
  if (symbol ~ /commands::|Conversation::(consume|execute|forward|begin)|Ring|Coordinator::append|WorkerQueue::(append|batch)|append_operation/) return "order, batch"
  if (symbol ~ /on_reply|ReplyReader|encode|deliver|write_ready|OutputQueue|collect|finish_front/) return "match replies, encode"
  if (symbol ~ /XXH3/) return "checksums, hashes"
  if (symbol ~ /Dispatcher|execute_operation|KVStore|MemoryEngine|OperationReader|Hash|Record/) return "run commands"
  return "other user code"
}

function close_sample() {
  if (thread == "") return
  ++count[thread, stage_of()]
  ++total[thread]
  thread = ""
}

NF == 0 { close_sample(); next }

/^[^ \t]/ {
  close_sample()
  match($0, /[0-9]+\/[0-9]+ *$/)
  ids = substr($0, RSTART, RLENGTH)
  comm = substr($0, 1, RSTART - 1)
  sub(/ +$/, "", comm)
  split(ids, id, "/")
  thread = thread_of(comm, id[1], id[2] + 0)
  first = 1
  call = ""
  next
}

{
  frame = $0
  sub(/^[ \t]*[0-9a-f]+ /, "", frame)
  if (first) {
    symbol = frame
    module = $NF
    in_kernel = module ~ /kernel|\[/
    first = 0
  }
  if (call == "" && match(frame, /(__x64_sys_|__sys_|ksys_|do_epoll_|process_vm_)[a-z_0-9]*/))
    call = substr(frame, RSTART, RLENGTH)
}

END {
  close_sample()
  each = 1000000 / frequency / commands
  for (key in count) {
    split(key, part, SUBSEP)
    printf "%s|%s|%.3f|%.3f\n", part[1], part[2], total[part[1]] * each, count[key] * each | sort
  }
  close(sort)
}

BEGIN {
  sort = "LC_ALL=C sort -t'|' -k1,1 -k4,4nr | awk -F'|' '{ " \
    "if ($1 != last) printf \"  %-34s %7.3f\\n\", substr($1, 3), $3; last = $1; " \
    "if ($2 != \"-\" && $4 >= 0.0005) printf \"      %-38s %7.3f\\n\", $2, $4 }'"
}
