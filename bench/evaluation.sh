#!/usr/bin/env bash
# Time of each operation, throughput and balance with 1, 2, 4 and 8 workers: tables, CSV, image
#
# './dev bench evaluation --help' shows its options.
set -euo pipefail

exec "$PKV_BUILD/bench/evaluation/pkv_evaluation" --output "$PKV_BUILD/evaluation" "$@"
