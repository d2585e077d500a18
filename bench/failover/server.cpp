#include "failover/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <future>
#include <string_view>
#include <utility>

namespace pkv::failover {
namespace {

namespace asio = boost::asio;

/// Longer than the library waits for an answer.
constexpr std::chrono::seconds answer_patience{30};

/// Waits for the outcome of something that runs on `io`.
template <class T>
T finish(asio::io_context& io, asio::awaitable<T> work) {
  std::future<T> outcome = co_spawn(io, std::move(work), asio::use_future);
  const auto ready = [&] {
    return outcome.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  };
  if (!run_until(io, ready, answer_patience)) throw Failure("the server does not answer");
  return outcome.get();
}

const Reply& member(const Reply& record, std::string_view name) {
  if (record.is_array()) {
    const std::vector<Reply>& fields = record.elements();
    for (std::size_t at = 0; at + 1 < fields.size(); at += 2)
      if (fields[at].is_bulk() && fields[at].text() == name) return fields[at + 1];
  }
  throw Failure("the server does not show '" + std::string(name) + "'");
}

std::int64_t integer(const Reply& record, std::string_view name) {
  const Reply& value = member(record, name);
  if (!value.is_integer()) throw Failure("'" + std::string(name) + "' is no number");
  return value.integer();
}

std::uint64_t count(const Reply& record, std::string_view name) {
  return static_cast<std::uint64_t>(integer(record, name));
}

std::string text(const Reply& record, std::string_view name) {
  const Reply& value = member(record, name);
  if (!value.is_bulk()) throw Failure("'" + std::string(name) + "' is no text");
  return std::string(value.text());
}

double fraction(const Reply& record, std::string_view name) {
  const std::string digits = text(record, name);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size())
    throw Failure("'" + std::string(name) + "' is no number: " + digits);
  return value;
}

Node node_of(const Reply& record) {
  Node node;
  node.id = integer(record, "id");
  node.process_id = integer(record, "pid");
  node.state = text(record, "state");
  node.epoch = integer(record, "epoch");
  node.deaths = integer(record, "deaths");
  node.keys = count(record, "keys");
  node.requests = count(record, "requests");
  node.share = fraction(record, "share");
  node.held = fraction(record, "held");
  return node;
}

void kill_process(const Node& node) {
  if (node.process_id <= 1) throw Failure("node " + std::to_string(node.id) + " has no process");
  if (::kill(static_cast<pid_t>(node.process_id), SIGKILL) != 0)
    throw Failure("process " + std::to_string(node.process_id) +
                  " cannot be killed: " + std::strerror(errno));
}

}  // namespace

Server::Server(asio::io_context& io, std::uint16_t port) : io_(io), client_(io.get_executor()) {
  const result<void> connected = finish(io_, client_.connect("127.0.0.1", port));
  if (!connected) throw Failure("cannot connect: " + connected.error().message());
}

Reply Server::ask(Command command) {
  std::string words;
  for (const std::string& word : command.words())
    words += (words.empty() ? "" : " ") + word;
  result<Reply> reply = finish(io_, client_.execute(std::move(command)));
  if (!reply) throw Failure(words + ": " + reply.error().message());
  if (reply->is_error()) throw Failure(words + ": " + std::string(reply->text()));
  return std::move(*reply);
}

std::vector<Node> Server::nodes() {
  const Reply records = ask(Command("NODES"));
  if (!records.is_array()) throw Failure("NODES is no list");
  std::vector<Node> nodes;
  for (const Reply& record : records.elements())
    nodes.push_back(node_of(record));
  return nodes;
}

double Server::ring_peak_to_mean() {
  return fraction(ask(Command("RING")), "peak_to_mean");
}

std::uint64_t Server::keys() {
  const Reply size = ask(Command("DBSIZE"));
  if (!size.is_integer()) throw Failure("DBSIZE is no number");
  return static_cast<std::uint64_t>(size.integer());
}

double Server::forecast(const Event& event, const std::vector<Node>& nodes) {
  Command question("RING", "WHATIF");
  switch (event.change) {
    case Change::kill:
      return find_node(nodes, event.node).held;
    case Change::fail:
    case Change::drain:
      question.add("DROP").add(event.node);
      break;
    case Change::restore:
      question.add("ADD").add(event.node);
      break;
    case Change::weight:
      question.add("WEIGHT").add(event.node).add(std::to_string(event.weight));
      break;
  }
  return fraction(ask(std::move(question)), "moved_share");
}

void Server::carry_out(const Event& event, const std::vector<Node>& nodes) {
  Command command("NODE");
  switch (event.change) {
    case Change::kill:
      kill_process(find_node(nodes, event.node));
      return;
    case Change::fail:
      command.add("FAIL").add(event.node);
      break;
    case Change::drain:
      command.add("DRAIN").add(event.node);
      break;
    case Change::restore:
      command.add("RESTORE").add(event.node);
      break;
    case Change::weight:
      command.add("WEIGHT").add(event.node).add(std::to_string(event.weight));
      break;
  }
  ask(std::move(command));
}

const Node& find_node(const std::vector<Node>& nodes, std::int64_t id) {
  const auto found = std::ranges::find(nodes, id, &Node::id);
  if (found == nodes.end()) throw Failure("there is no node " + std::to_string(id));
  return *found;
}

}  // namespace pkv::failover
