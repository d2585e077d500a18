#include "failover/load.hpp"

#include "base/endian.hpp"
#include "load/server_probe.hpp"
#include "load/verdict.hpp"

#include <algorithm>
#include <string_view>

namespace pkv::failover {
namespace {

constexpr std::size_t key_bytes = 16;
constexpr std::size_t bulk_pipeline = 128;  // where no time is measured
constexpr std::chrono::milliseconds connect_patience{10'000};
constexpr std::uint64_t any_version = 0;

std::uint64_t version_in(std::string_view value) noexcept {
  return load<std::uint64_t>(value.data());
}

Clock::duration interval_of(const Settings& settings) {
  if (settings.rate == 0) return {};
  const auto at_once = static_cast<double>(settings.pipeline * settings.connections);
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(at_once / static_cast<double>(settings.rate)));
}

}  // namespace

Load::Lane::Lane(boost::asio::io_context& io, bench::ConnectionListener& listener,
                 std::size_t number, std::size_t pipeline, std::uint64_t seed)
    : connection(io, listener, bench::Protocol::resp, number, pipeline),
      random(seed, number + 1),
      pace(io) {}

Load::Load(boost::asio::io_context& io, const Settings& settings, Timeline& timeline)
    : settings_(settings),
      timeline_(timeline),
      keys_("key:", key_bytes),
      values_(settings.value_bytes),
      requests_(bench::Protocol::resp, keys_, values_),
      batch_interval_(interval_of(settings)) {
  bench::ConnectionListener& listener = *this;
  const std::size_t pipeline = std::max(settings.pipeline, bulk_pipeline);
  for (std::size_t number = 0; number < settings.connections; ++number) {
    auto& lane =
        lanes_.emplace_back(std::make_unique<Lane>(io, listener, number, pipeline, settings.seed));
    lane->versions.resize((settings.keys - number + settings.connections - 1) /
                          settings.connections);
  }
}

void Load::connect(std::uint16_t port) {
  const auto server = bench::find_server("127.0.0.1", port, connect_patience);
  connecting_ = lanes_.size();
  for (const auto& lane : lanes_)
    lane->connection.connect(server);
}

void Load::on_connected(bench::Connection& connection) {
  lanes_[connection.number()]->connecting = false;
  --connecting_;
}

void Load::begin(Task task) {
  task_ = task;
  finishing_ = false;
  const Clock::time_point now = Clock::now();
  for (std::size_t i = 0; i < lanes_.size(); ++i) {
    Lane& lane = *lanes_[i];
    if (!lane.connection.is_open()) continue;
    lane.next = 0;
    lane.busy = true;
    ++busy_;
    lane.next_batch = now;
    if (task == Task::mix)  // the connections take turns
      lane.next_batch +=
          batch_interval_ * static_cast<Clock::rep>(i) / static_cast<Clock::rep>(lanes_.size());
    go_on(lane, now);
  }
}

bool Load::has_more(const Lane& lane) const noexcept {
  return task_ == Task::mix ? !finishing_ : lane.next < lane.versions.size();
}

/// Sends the next commands now or when it is time, if there are more.
void Load::go_on(Lane& lane, Clock::time_point now) {
  if (!has_more(lane)) {
    lane.busy = false;
    --busy_;
    return;
  }
  if (lane.next_batch <= now) {
    send_batch(lane);
    return;
  }
  lane.pace.expires_at(lane.next_batch);
  lane.pace.async_wait([this, &lane](const boost::system::error_code& error) {
    if (!error && lane.connection.is_open()) go_on(lane, Clock::now());
  });
}

void Load::send_batch(Lane& lane) {
  const Clock::time_point now = Clock::now();
  if (task_ == Task::mix) {
    for (std::size_t i = 0; i < settings_.pipeline; ++i) {
      const auto index = static_cast<std::size_t>(lane.random.below(lane.versions.size()));
      if (lane.random.below(100) < settings_.read_percent)
        add_read(lane, index);
      else
        add_write(lane, index);
    }
    // What was late is not made up for.
    lane.next_batch = std::max(lane.next_batch + batch_interval_, now);
  } else {
    for (std::size_t i = 0; i < bulk_pipeline && has_more(lane); ++i, ++lane.next) {
      if (task_ == Task::create)
        add_write(lane, lane.next);
      else
        add_read(lane, lane.next);
    }
  }
  lane.waits_since = now;
  lane.connection.flush(now);
}

void Load::add_read(Lane& lane, std::size_t index) {
  const std::uint64_t key = key_of(lane, index);
  requests_.append_get(lane.connection.output(), key);
  lane.connection.expect({{.kind = bench::Kind::read, .key = key}});
  lane.expected.push_back(lane.versions[index]);
}

void Load::add_write(Lane& lane, std::size_t index) {
  const std::uint64_t key = key_of(lane, index);
  lane.versions[index] = ++last_version_;
  requests_.append_set(lane.connection.output(), key, last_version_);
  lane.connection.expect({{.kind = bench::Kind::update, .key = key}});
}

void Load::on_answer(bench::Connection& connection, const bench::Exchange& exchange,
                     const bench::Answer& answer, Clock::time_point now) {
  Lane& lane = *lanes_[connection.number()];
  if (task_ == Task::mix) timeline_.add_wait(now, now - lane.waits_since);
  lane.waits_since = now;
  check(lane, exchange, answer, now);
}

void Load::check(Lane& lane, const bench::Exchange& exchange, const bench::Answer& answer,
                 Clock::time_point now) {
  const std::size_t index = index_of(exchange.operation.key);
  const bool is_read = exchange.operation.kind == bench::Kind::read;
  std::uint64_t expected = any_version;
  if (is_read) {
    expected = lane.expected.front();
    lane.expected.pop_front();
  }
  switch (bench::judge(exchange, answer, values_)) {
    case bench::Verdict::right:
      if (is_read && expected != any_version && version_in(answer.text) != expected)
        note_wrong(lane, exchange, "a value that had been overwritten");
      else if (task_ == Task::mix)
        timeline_.add_answer(now);
      break;
    case bench::Verdict::missing:
      if (settings_.replicas > 1) {
        note_wrong(lane, exchange, "the key is gone");
        break;
      }
      ++missing_;
      timeline_.add_answer(now);
      break;
    case bench::Verdict::error:
      errors_.add(answer.text);
      timeline_.add_error(now);
      lane.versions[index] = any_version;  // a write may have taken place or not
      break;
    case bench::Verdict::mismatch:
      note_wrong(lane, exchange, bench::fault_of(exchange, answer, keys_, values_));
      break;
  }
}

void Load::note_wrong(Lane& lane, const bench::Exchange& exchange, std::string fault) {
  wrong_answers_.add(fault + ", e.g. " + keys_.name_of(exchange.operation.key));
  timeline_.add_error(Clock::now());
  lane.versions[index_of(exchange.operation.key)] = any_version;  // one fault is told once
}

void Load::on_turn(bench::Connection& connection, Clock::time_point now) {
  if (connection.under_way() == 0) go_on(*lanes_[connection.number()], now);
}

void Load::on_closed(bench::Connection& connection,
                     const boost::circular_buffer<bench::Exchange>& unanswered) {
  Lane& lane = *lanes_[connection.number()];
  if (lane.connecting) --connecting_;
  lane.connecting = false;
  ++lost_;
  errors_.add("(connection lost) " + connection.fault(),
              std::max<std::uint64_t>(1, unanswered.size()));
  timeline_.add_error(Clock::now());
  if (lane.busy) --busy_;
  lane.busy = false;
}

std::uint64_t Load::key_of(const Lane& lane, std::size_t index) const noexcept {
  return index * lanes_.size() + lane.connection.number();
}

std::size_t Load::index_of(std::uint64_t key) const noexcept {
  return static_cast<std::size_t>(key / lanes_.size());
}

}  // namespace pkv::failover
