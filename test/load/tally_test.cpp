#include "load/tally.hpp"

#include "load/measurement.hpp"
#include "load/options.hpp"
#include "load/progress.hpp"
#include "load/recorder.hpp"
#include "load/report.hpp"
#include "load/timeline.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <sstream>
#include <string>

using namespace pkv;
using namespace pkv::bench;
using namespace std::chrono_literals;

namespace {

const Clock::time_point start = Clock::time_point(1h);

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("Tally: merged threads have the percentiles of all operations together", "[load]") {
  Tally fast;
  Tally slow;
  for (int i = 0; i < 9900; ++i)
    fast.latencies[index_of(Kind::read)].record(100us);
  for (int i = 0; i < 99; ++i)
    slow.latencies[index_of(Kind::update)].record(10ms);
  slow.latencies[index_of(Kind::update)].record(1s);
  fast.merge(slow);
  const LatencyHistogram all = fast.all_latencies();
  CHECK(fast.succeeded() == 10'000);
  CHECK(milliseconds(all.percentile(50)) == Approx(0.1).epsilon(0.04));
  CHECK(milliseconds(all.percentile(99)) == Approx(0.1).epsilon(0.04));
  CHECK(milliseconds(all.percentile(99.9)) == Approx(10).epsilon(0.04));
  CHECK(milliseconds(all.percentile(99.99)) == Approx(10).epsilon(0.04));
  CHECK(all.largest() == 1s);
}

TEST_CASE("Faults: counted by text, of which there are not too many", "[load]") {
  Faults faults;
  for (int i = 0; i < 1000; ++i)
    faults.add("ERR number " + std::to_string(i));
  faults.add("ERR number 0", 5);
  CHECK(faults.count() == 1005);
  CHECK(faults.by_text().size() <= 33);
  CHECK(faults.by_text().at("ERR number 0") == 6);
  Faults other;
  other.merge(faults);
  other.merge(faults);
  CHECK(other.count() == 2010);
  CHECK(other.by_text().size() <= 33);
}

TEST_CASE("Recorder: seconds hold what happened in them", "[load]") {
  Timeline timeline(1);
  Recorder recorder(start, &timeline);
  recorder.succeeded(Kind::read, 1ms);
  recorder.failed("ERR", 2);
  recorder.tick(start + 999ms, 10);
  CHECK_FALSE(timeline.take(0ms));
  recorder.tick(start + 3s, 100);  // two seconds late
  recorder.mismatched([] { return std::string("wrong"); });
  const Tally tally = recorder.end(start + 3500ms, 150);

  const auto first = timeline.take(0ms);
  REQUIRE(first);
  CHECK(first->latencies.count() == 1);
  CHECK(first->errors == 2);
  CHECK(first->bytes == 100);
  CHECK(first->seconds == 1);
  for (int i = 0; i < 2; ++i) {
    const auto empty = timeline.take(0ms);
    REQUIRE(empty);
    CHECK(empty->latencies.count() == 0);
    CHECK(empty->bytes == 0);
  }
  const auto last = timeline.take(0ms);
  REQUIRE(last);
  CHECK(last->mismatches == 1);
  CHECK(last->bytes == 50);
  CHECK(last->seconds == Approx(0.5));
  CHECK(timeline.exhausted());
  CHECK(tally.errors.count() == 2);
  CHECK(tally.samples == std::vector<std::string>{"wrong"});
}

TEST_CASE("Timeline: a second is complete when every thread has reported it", "[load]") {
  Timeline timeline(2);
  Interval interval;
  interval.errors = 1;
  timeline.report(0, interval);
  timeline.report(1, interval);
  CHECK_FALSE(timeline.take(0ms));
  timeline.report(0, interval);
  const auto both = timeline.take(0ms);
  REQUIRE(both);
  CHECK(both->errors == 2);

  CHECK_FALSE(timeline.take(0ms));
  timeline.end(1, 1s);  // the second thread has no part in the second second
  const auto one = timeline.take(0ms);
  REQUIRE(one);
  CHECK(one->errors == 1);
  CHECK_FALSE(timeline.exhausted());
  timeline.end(2, 2s);
  CHECK(timeline.exhausted());
  CHECK_FALSE(timeline.take(1h));  // returns at once
}

TEST_CASE("Reports: files have a line or object for each second and the numbers of all", "[load]") {
  Measurement measurement;
  measurement.seconds = 2;
  for (int i = 1; i <= 1000; ++i)
    measurement.tally.latencies[index_of(Kind::read)].record(i * 1us);
  measurement.tally.latencies[index_of(Kind::update)].record(5ms);
  measurement.tally.errors.add("ERR \"quoted\" \\ \x01", 3);
  Interval interval;
  interval.latencies = measurement.tally.latencies[0];
  measurement.by_second = {figures_of(interval, 0), figures_of(interval, 1)};

  CHECK(lines_of(csv_of(measurement)) == 3);
  const std::string json = json_of(Options{}, measurement);
  CHECK_THAT(json, Catch::Contains("\"operations\": 1001, \"operations_per_second\": 500.5"));
  CHECK_THAT(json, Catch::Contains(R"("error_texts": {"ERR \"quoted\" \\ ?": 3})"));
  CHECK_THAT(json, Catch::Contains("\"max_ms\": 5.000000"));

  const std::string table = table_of(Options{}, measurement);
  CHECK_THAT(table, Catch::Contains("1,001 operations in 2.00 s"));
  CHECK_THAT(table, Catch::Contains("3 errors, 0 mismatches"));
  CHECK_THAT(faults_of(measurement.tally), Catch::Contains("error (3 times): ERR"));

  std::istringstream percentiles(percentiles_csv_of(measurement));
  std::string line;
  std::getline(percentiles, line);
  CHECK(line == "percentile,one_in,all,read,update");
  double last_percentile = -1;
  double last_latency = 0;
  while (std::getline(percentiles, line)) {
    double percentile = 0;
    double one_in = 0;
    double latency = 0;
    REQUIRE(std::sscanf(line.c_str(), "%lf,%lf,%lf", &percentile, &one_in, &latency) == 3);
    CHECK(percentile > last_percentile);
    CHECK(latency >= last_latency);
    last_percentile = percentile;
    last_latency = latency;
  }
  CHECK(last_percentile > 99.8);
  CHECK(last_percentile < 100);
}

TEST_CASE("Reports: nothing measured is no reason to divide by it", "[load]") {
  const Measurement nothing;
  CHECK_THAT(table_of(Options{}, nothing), Catch::Contains("0 operations in 0.00 s"));
  CHECK_THAT(json_of(Options{}, nothing), Catch::Contains("\"operations_per_second\": 0.0"));
  CHECK(lines_of(percentiles_csv_of(nothing)) == 1);
}

TEST_CASE("Numbers are grouped by thousands", "[load]") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1000) == "1,000");
  CHECK(grouped(123456) == "123,456");
  CHECK(grouped(UINT64_MAX) == "18,446,744,073,709,551,615");
}

TEST_CASE("The bar fills from nothing to everything", "[load]") {
  CHECK(bar_of(0, 10) == "[                                        ]   0 %  0 of 10 records");
  CHECK(bar_of(5, 10) == "[####################                    ]  50 %  5 of 10 records");
  CHECK(bar_of(10, 10) == "[########################################] 100 %  10 of 10 records");
}
