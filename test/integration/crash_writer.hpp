#pragma once

#include "support/connection.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace pkv::test {

/// A client that writes to keys of its own, many commands in flight, until the server is gone, and
/// knows what may be found of it afterwards: of each key what was acknowledged last, or anything
/// sent after that.
///
/// Thread safety: none. Errors: std::runtime_error for an answer that cannot be.
class CrashWriter {
 public:
  CrashWriter(unsigned id, std::uint64_t seed);

  /// Chooses keys for commands on several: some that live on one node and some that do not. To be
  /// called once, before the first write, unless the ring changes.
  void choose_pairs(Connection& connection);

  /// Writes until the connection ends.
  void write_until_it_ends(std::uint16_t port);

  /// Compares with what the store holds now, which is what may be found from here on. Returns what
  /// is wrong, in words.
  [[nodiscard]] std::vector<std::string> audit(Connection& connection);

  /// Of all keys, as found by the latest audit.
  [[nodiscard]] std::size_t keys_there() const noexcept { return keys_there_; }
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }

 private:
  using State = std::optional<std::uint64_t>;  ///< The number that was written, or no entry.

  /// What a key may hold: after each command from the latest that was acknowledged.
  using Possible = std::deque<std::pair<std::uint64_t, State>>;

  struct Sent {
    std::uint64_t number;
    std::vector<std::string> keys;
  };
  struct Pair {
    std::string one;
    std::string other;
    bool on_same_nodes;
  };

  void send_one(Connection& connection);
  void send_for_several(Connection& connection, const std::vector<std::string>& keys);
  void receive_one(Connection& connection);
  void note_sent(const std::vector<std::string>& keys, State state);
  [[nodiscard]] State read(Connection& connection, const std::string& key);

  std::string prefix_;
  std::mt19937_64 random_;
  std::uint64_t number_ = 0;  ///< Of the latest command.
  std::map<std::string, Possible> keys_;
  std::vector<std::string> single_keys_;
  std::vector<Pair> pairs_;
  std::vector<std::string> group_;  ///< Keys that are always written together, on many nodes.
  std::deque<Sent> in_flight_;
  std::size_t keys_there_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace pkv::test
