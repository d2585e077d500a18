#!/bin/sh
# Runs a command on a host of network.sh, as rsh would:
#
#   mpiexec -launcher rsh -launcher-exec remote_shell.sh -hosts 10.99.0.1,10.99.0.2 ...
#
# As on another machine, killing this script does not kill the command, which gets an end of file.
host=host${1##*.}
shift
# shellcheck disable=SC2016 # the inner shell's
ip netns exec "$host" unshare --uts setsid sh -c '
  echo "$0" >/proc/sys/kernel/hostname
  eval "exec $1"' "$host" "$*" </dev/null 2>&1 | cat
