#pragma once

#include "pkv/command.hpp"
#include "pkv/reply.hpp"

#include "evaluation/settings.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pkv::evaluation {

/// A command and the only right answer to it.
struct Request {
  Command command;
  Reply expected;
};

/// The commands of one client, over keys of its own, so that it knows every right answer.
///
/// Every value names its key and how often the key has been written; an answer from another key, an
/// older value or a damaged one is noticed.
///
/// Thread safety: none.
class Workload {
 public:
  Workload(const Settings& settings, int client);

  /// Creates the next key.
  [[nodiscard]] Request create();

  /// Does something of the mix to a key chosen at random. Without keys it creates one.
  [[nodiscard]] Request next();

  /// Reads each key that is there, the most recent first, until there is none left to read.
  [[nodiscard]] bool has_unchecked() const noexcept { return unchecked_ > 0; }
  [[nodiscard]] Request check();
  /// Lets check() begin with all keys.
  void begin_checks() noexcept { unchecked_ = present_.size(); }

  /// The number of keys that are there once all commands have been executed.
  [[nodiscard]] std::size_t size() const noexcept { return present_.size(); }

 private:
  struct Entry {
    std::uint64_t number;
    std::uint32_t version;
  };

  [[nodiscard]] Entry& any_entry();
  [[nodiscard]] std::string key_of(const Entry& entry) const;
  [[nodiscard]] std::string value_of(const Entry& entry) const;
  [[nodiscard]] Request read(const Entry& entry) const;
  [[nodiscard]] Request update(Entry& entry) const;
  [[nodiscard]] Request erase(Entry& entry);

  int client_;
  std::size_t value_bytes_;
  std::mt19937_64 random_;
  std::discrete_distribution<std::size_t> choose_kind_;
  std::vector<Entry> present_;
  std::uint64_t created_ = 0;
  std::size_t unchecked_ = 0;
};

}  // namespace pkv::evaluation
