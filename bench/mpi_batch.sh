#!/usr/bin/env bash
# Round trip of batches of 1 to 2048 SETs between rank 0 and a worker, over shared memory and TCP
#
# './dev bench mpi_batch [ROUNDS [WORKERS]]': 5,000 round trips of each size and 1 worker unless said
# otherwise; several workers get batches in turn. One batch is under way at a time.
set -euo pipefail

rounds=${1:-5000}
workers=${2:-1}

die() {
  printf 'mpi_batch: %s\n' "$*" >&2
  exit 1
}

[[ $rounds =~ ^[1-9][0-9]*$ && $workers =~ ^[1-9][0-9]*$ ]] ||
  die "usage: ./dev bench mpi_batch [ROUNDS [WORKERS]]"

# Debian gives each implementation its own name.
mpiexec=$(command -v mpiexec.mpich mpiexec.hydra mpiexec | head -n 1) ||
  die 'no mpiexec found: install the package mpich'

printf '%d round trips of each size, %d worker(s), %d processor cores; values of 64 bytes\n\n' \
  "$rounds" "$workers" "$(nproc)"
printf '%-9s  %5s  %9s  %9s  %9s  %12s\n' transport batch 'median us' 'p99 us' 'mean us' \
  'operations/s'
for transport in shm tcp; do
  "$mpiexec" -n $((workers + 1)) -bind-to none -hosts localhost \
    "$PKV_BUILD/bench/mpi_batch/pkv_mpi_batch" "$transport" "$rounds" </dev/null
done
