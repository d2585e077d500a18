#!/usr/bin/env bash
# Nodes failed, killed, drained and brought back under load: keys moved, balance, pauses; CSV, image
#
# './dev bench failover --help' shows its options.
set -euo pipefail

exec "$PKV_BUILD/bench/failover/pkv_failover" --output "$PKV_BUILD/failover" "$@"
