#include "crash_writer.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>

namespace pkv::test {
namespace {

constexpr std::size_t single_key_count = 30;
constexpr std::size_t pairs_of_a_kind = 5;
constexpr std::size_t keys_of_group = 8;
constexpr std::size_t most_in_flight = 64;

/// Long enough that values share no page with many others, short enough to be quick.
std::string value_of(std::uint64_t number) {
  return std::to_string(number) + " " + std::string(number % 300, 'v');
}

}  // namespace

CrashWriter::CrashWriter(unsigned id, std::uint64_t seed)
    : prefix_("writer" + std::to_string(id) + "-"), random_(seed + id) {
  for (std::size_t i = 0; i < single_key_count; ++i) {
    single_keys_.push_back(prefix_ + std::to_string(i));
    keys_[single_keys_.back()] = {{0, std::nullopt}};
  }
}

void CrashWriter::choose_pairs(Connection& connection) {
  // All that hold it: when one of two is lost the other one's copy counts, key by key.
  const auto nodes_of = [&connection](const std::string& key) {
    return field(connection.ask("RING", "WHERE", key), "holders");
  };
  std::size_t alike = 0;
  std::size_t different = 0;
  for (std::size_t i = 0; alike < pairs_of_a_kind || different < pairs_of_a_kind; ++i) {
    Pair pair{prefix_ + "one" + std::to_string(i), prefix_ + "other" + std::to_string(i), false};
    pair.on_same_nodes = nodes_of(pair.one) == nodes_of(pair.other);
    std::size_t& count = pair.on_same_nodes ? alike : different;
    if (count == pairs_of_a_kind) continue;
    ++count;
    keys_[pair.one] = keys_[pair.other] = {{0, std::nullopt}};
    pairs_.push_back(std::move(pair));
  }
  for (std::size_t i = 0; i < keys_of_group; ++i) {
    group_.push_back(prefix_ + "group" + std::to_string(i));
    keys_[group_.back()] = {{0, std::nullopt}};
  }
}

void CrashWriter::write_until_it_ends(std::uint16_t port) {
  try {
    Connection connection(port);
    for (;;) {
      // In bursts, so that batches of many lengths are on their way.
      for (std::size_t more = random_() % most_in_flight; more > 0; --more)
        if (in_flight_.size() < most_in_flight) send_one(connection);
      for (std::size_t more = random_() % most_in_flight; more > 0 && !in_flight_.empty(); --more)
        receive_one(connection);
    }
  } catch (const std::logic_error&) {
    throw;
  } catch (const std::exception&) {  // the end of the connection
  }
  in_flight_.clear();
}

void CrashWriter::send_one(Connection& connection) {
  ++number_;
  switch (random_() % 5) {
    case 0: {
      const std::string& key = single_keys_[random_() % single_keys_.size()];
      note_sent({key}, std::nullopt);
      connection.send(pkv::Command("DEL", key));
      return;
    }
    case 1: {
      if (pairs_.empty()) break;
      const Pair& pair = pairs_[random_() % pairs_.size()];
      send_for_several(connection, {pair.one, pair.other});
      return;
    }
    case 2:
      if (group_.empty()) break;
      send_for_several(connection, group_);
      return;
    default:
      break;
  }
  const std::string& key = single_keys_[random_() % single_keys_.size()];
  note_sent({key}, number_);
  connection.send(pkv::Command("SET", key, value_of(number_)));
}

/// Writes all of them or, at times, deletes them.
void CrashWriter::send_for_several(Connection& connection, const std::vector<std::string>& keys) {
  const bool deletes = random_() % 4 == 0;
  note_sent(keys, deletes ? State() : State(number_));
  pkv::Command command(deletes ? "DEL" : "MSET");
  for (const std::string& key : keys) {
    command.add(key);
    if (!deletes) command.add(value_of(number_));
  }
  connection.send(command);
}

void CrashWriter::note_sent(const std::vector<std::string>& keys, State state) {
  for (const std::string& key : keys)
    keys_[key].emplace_back(number_, state);
  in_flight_.push_back({number_, keys});
}

void CrashWriter::receive_one(Connection& connection) {
  const Reply reply = connection.receive();
  const Sent sent = std::move(in_flight_.front());
  in_flight_.pop_front();
  if (reply.is_error()) return;  // whether it has happened nobody knows
  ++acknowledged_;
  for (const std::string& key : sent.keys) {
    Possible& possible = keys_[key];
    while (possible.front().first < sent.number)
      possible.pop_front();
  }
}

CrashWriter::State CrashWriter::read(Connection& connection, const std::string& key) {
  const Reply reply = connection.ask("GET", key);
  if (reply.is_nil()) return std::nullopt;
  if (reply.is_error()) throw std::logic_error("GET " + key + ": " + std::string(reply.text()));
  const std::string text(reply.text());
  const std::uint64_t number = std::stoull(text);
  if (text != value_of(number)) throw std::logic_error(key + " holds what was never written");
  return number;
}

std::vector<std::string> CrashWriter::audit(Connection& connection) {
  std::vector<std::string> wrong;
  const auto to_text = [](State state) { return state ? std::to_string(*state) : "nothing"; };
  keys_there_ = 0;
  std::map<std::string, State> found;
  for (auto& [key, possible] : keys_) {
    const State there = found[key] = read(connection, key);
    if (there) ++keys_there_;
    const bool may_be =
        std::ranges::any_of(possible, [there](const auto& one) { return one.second == there; });
    if (!may_be)
      wrong.push_back(key + " holds " + to_text(there) + ", but " +
                      to_text(possible.front().second) + " was acknowledged (command " +
                      std::to_string(possible.front().first) + " of " +
                      std::to_string(possible.back().first) + ")");
    if (read(connection, key) != there) wrong.push_back(key + " is read in two ways");
    possible = {{number_, there}};
  }
  for (const Pair& pair : pairs_)
    if (found[pair.one] != found[pair.other])
      wrong.push_back(pair.one + " and " + pair.other + " were written together on " +
                      (pair.on_same_nodes ? "the same nodes: " : "different nodes: ") +
                      to_text(found[pair.one]) + ", " + to_text(found[pair.other]));
  for (const std::string& key : group_)
    if (found[key] != found[group_.front()])
      wrong.push_back(key + " and " + group_.front() + " were written together: " +
                      to_text(found[key]) + ", " + to_text(found[group_.front()]));
  return wrong;
}

}  // namespace pkv::test
