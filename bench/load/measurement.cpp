#include "load/measurement.hpp"

namespace pkv::bench {

SecondFigures figures_of(const Interval& interval, double begin) {
  const LatencyHistogram& latencies = interval.latencies;
  SecondFigures figures;
  figures.end = begin + interval.seconds;
  figures.operations = latencies.count();
  figures.operations_per_second = static_cast<double>(latencies.count()) / interval.seconds;
  figures.bytes_per_second = static_cast<double>(interval.bytes) / interval.seconds;
  figures.mean_ms = milliseconds(latencies.mean());
  figures.p50_ms = milliseconds(latencies.percentile(50));
  figures.p99_ms = milliseconds(latencies.percentile(99));
  figures.p999_ms = milliseconds(latencies.percentile(99.9));
  figures.max_ms = milliseconds(latencies.largest());
  figures.errors = interval.errors;
  figures.mismatches = interval.mismatches;
  return figures;
}

}  // namespace pkv::bench
