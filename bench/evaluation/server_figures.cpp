#include "evaluation/server_figures.hpp"

#include <charconv>
#include <string_view>
#include <utility>

namespace pkv::evaluation {
namespace {

namespace asio = boost::asio;

/// The words under which INFO lists the kinds.
constexpr PerKind<std::string_view> command_names = {"c", "r", "u", "d"};

template <class Number>
Number number(std::string_view text, std::string_view what) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Failure("the server's " + std::string(what) + " is no number: " + std::string(text));
  return value;
}

/// What follows `name` up to a comma or line end. Empty if there is no such name.
std::string_view field(std::string_view text, std::string_view name) {
  const std::size_t found = text.find(name);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + name.size());
  return text.substr(0, text.find_first_of(",\r\n"));
}

/// The rest of the line that begins with `name` and a colon. Empty if there is none.
std::string_view line(std::string_view text, const std::string& name) {
  const std::string beginning = "\n" + name + ":";
  const std::size_t found = text.find(beginning);
  if (found == std::string_view::npos) return {};
  text.remove_prefix(found + beginning.size());
  return text.substr(0, text.find('\r'));
}

OperationTimes times_of(std::string_view info, std::string_view command) {
  OperationTimes times;
  const std::string_view counts = line(info, "cmdstat_" + std::string(command));
  if (counts.empty()) return times;  // none was executed
  const std::string_view tail = line(info, "latency_percentiles_usec_" + std::string(command));
  times.count = number<std::uint64_t>(field(counts, "calls="), "number of calls");
  times.mean_us = number<double>(field(counts, "usec_per_call="), "mean time");
  times.p50_us = number<double>(field(tail, "p50="), "median time");
  times.p99_us = number<double>(field(tail, "p99="), "99th percentile");
  times.max_us = number<double>(field(tail, "max="), "longest time");
  return times;
}

const Reply& member(const Reply& record, std::string_view name) {
  if (record.is_array()) {
    const std::vector<Reply>& fields = record.elements();
    for (std::size_t at = 0; at + 1 < fields.size(); at += 2)
      if (fields[at].is_bulk() && fields[at].text() == name) return fields[at + 1];
  }
  throw Failure("NODES does not show " + std::string(name));
}

std::uint64_t count_in(const Reply& record, std::string_view name) {
  const Reply& value = member(record, name);
  if (!value.is_integer()) throw Failure("NODES shows no number of " + std::string(name));
  return static_cast<std::uint64_t>(value.integer());
}

NodeLoad load_of(const Reply& record) {
  NodeLoad load;
  load.node = static_cast<std::int64_t>(count_in(record, "id"));
  load.requests = count_in(record, "requests");
  load.keys = count_in(record, "keys");
  load.ring_share = number<double>(member(record, "share").text(), "share");
  return load;
}

}  // namespace

asio::awaitable<Reply> ask(Client& client, Command command) {
  const std::string name(command.name());
  result<Reply> reply = co_await client.execute(std::move(command));
  if (!reply) throw Failure(name + ": " + reply.error().message());
  if (reply->is_error()) throw Failure(name + ": " + std::string(reply->text()));
  co_return std::move(*reply);
}

asio::awaitable<void> reset_figures(Client& client) {
  Command command("CONFIG", "RESETSTAT");
  co_await ask(client, std::move(command));
}

asio::awaitable<PerKind<OperationTimes>> fetch_times(Client& client) {
  Command command("INFO", "commandstats", "latencystats");
  const Reply info = co_await ask(client, std::move(command));
  PerKind<OperationTimes> times;
  for (const Kind kind : kinds)
    times[index_of(kind)] = times_of(info.text(), command_names[index_of(kind)]);
  co_return times;
}

asio::awaitable<std::vector<NodeLoad>> fetch_loads(Client& client) {
  Command command("NODES");
  const Reply nodes = co_await ask(client, std::move(command));
  std::vector<NodeLoad> loads;
  for (const Reply& record : nodes.elements())
    loads.push_back(load_of(record));
  co_return loads;
}

}  // namespace pkv::evaluation
