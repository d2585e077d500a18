#!/bin/sh
# Runs a program in a world of its own with a network of three machines:
#
#   network.sh PROGRAM [ARGUMENTS]
#
# host1, host2 and host3 are network namespaces (ip netns exec host2 ...) with the addresses 10.99.0.1,
# .2 and .3. Their cables end in the bridge of the namespace that the program runs in, which is a
# machine of the same network, 10.99.0.254: 'ip link set to-host2 down' there pulls host2's cable out.
#
# Processes and mounts have namespaces of their own, too: nothing of the machine is touched, and when
# the program ends, or this script is killed, the system ends every process and removes everything.
# Where that is not allowed it says so in a line that begins with SKIPPED, and ends with status 0.
set -eu

skip() {
  echo "SKIPPED: $*"
  exit 0
}

if [ "${1-}" != --inside ]; then
  [ "$(id -u)" = 0 ] || skip "making machines of network namespaces needs root"
  for tool in ip unshare; do
    command -v "$tool" >/dev/null || skip "there is no program '$tool'"
  done
  set -- unshare --net --mount --pid --fork --kill-child --mount-proc -- "$0" --inside "$@"
  unshare --net --mount --pid --fork --kill-child --mount-proc true 2>/dev/null ||
    skip "this system does not allow namespaces"
  exec "$@"
fi
shift

# The tmpfs is for the names of the hosts' namespaces, which 'ip netns' keeps in /run/netns.
{ mount -t tmpfs none /run && mkdir /run/netns && ip link add bridge address 02:00:00:00:00:fe type bridge &&
  ip netns add host1 && ip link add eth0 netns host1 type veth peer name to-host1; } ||
  skip "this system does not allow virtual networks"
ip netns add host2
ip netns add host3
ip link add eth0 netns host2 type veth peer name to-host2
ip link add eth0 netns host3 type veth peer name to-host3
ip link set lo up
ip link set bridge up
ip address add 10.99.0.254/24 dev bridge
for number in 1 2 3; do
  host=host$number
  ip link set "to-$host" master bridge up
  ip -n "$host" link set lo up
  ip -n "$host" link set eth0 up
  ip -n "$host" address add "10.99.0.$number/24" dev eth0
done

# No exec: the first process of the world has to reap orphans.
"$@"
