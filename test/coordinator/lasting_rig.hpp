#pragma once

#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace pkv::test {

/// What is noted beside the files.
struct Notes {
  Ring ring;
  bool leftovers = false;
  std::map<std::size_t, std::uint64_t> lost{};  ///< Workers, and since when.
  std::vector<RingNote::Stage> stages{};
  bool disk_is_full = false;
};

/// A store with files, and what a server would find that starts at that moment. What its nodes
/// store stands for their files: all that they have run is in them.
class LastingRig {
 public:
  LastingRig(std::size_t nodes, std::size_t replicas)
      : rig_(nodes, {}, replicas, 0, processes()), notes{.ring = rig_.coordinator.ring()} {}

  [[nodiscard]] Rig& rig() { return rig_; }

  [[nodiscard]] std::string ask(const std::string& command) {
    TestClient client(rig_, 99);
    client.send(command + "\r\n");
    rig_.settle();
    return client.take();
  }

  /// Turns until nothing is under way.
  void settle() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (rig_.cluster.busy() || !rig_.coordinator.idle()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      rig_.turn();
    }
  }

  /// Another process takes the worker's place, and begins its file anew.
  void come_back(std::size_t worker) {
    if (const auto lost = notes.lost.find(worker); lost != notes.lost.end()) lost->second = 0;
    return_worker(rig_, worker);
  }

  /// The workers whose files a later server would take the key from: those that are whole or else,
  /// as it has all that was answered, the last to be lost.
  [[nodiscard]] std::vector<std::size_t> found_at(const std::string& key) const {
    std::vector<std::size_t> whole;
    std::optional<std::size_t> last;
    for (const NodeId node : notes.ring.owners(key, rig_.coordinator.settings().replicas)) {
      const std::size_t worker = to_number(node) - 1;
      if (!notes.lost.contains(worker))
        whole.push_back(worker);
      else if (!last || notes.lost.at(worker) > notes.lost.at(*last))
        last = worker;
    }
    return whole.empty() ? std::vector{*last} : whole;
  }
  /// Whether it would not begin, as there are too many files of which it knows too little.
  [[nodiscard]] bool would_be_refused() const {
    const auto unfinished =
        std::ranges::count(notes.lost, 0U, [](auto& one) { return one.second; });
    return static_cast<std::size_t>(unfinished) >= rig_.coordinator.settings().replicas;
  }

  [[nodiscard]] std::set<std::size_t> lost() const {
    std::set<std::size_t> workers;
    for (const auto& [worker, at] : notes.lost)
      workers.insert(worker);
    return workers;
  }

  [[nodiscard]] std::optional<std::string> stored(std::size_t worker, const std::string& key) {
    auto found = rig_.transport.store(worker).read(key);
    return found ? std::optional(*found) : std::nullopt;
  }

 private:
  Cluster::Processes processes() {
    Cluster::Processes processes;
    processes.entries_last = true;
    processes.note_whole = [this](std::size_t worker, std::optional<std::uint64_t> lost_at,
                                  std::uint64_t) {
      if (!lost_at)
        notes.lost.erase(worker);
      else if (notes.ring.index_of(NodeId{static_cast<std::uint32_t>(worker + 1)}))
        notes.lost.emplace(worker, *lost_at);
    };
    processes.note_trust = [this](const std::map<std::size_t, std::uint64_t>& lost_at,
                                  std::uint64_t) {
      for (const auto& [worker, at] : lost_at)
        notes.lost[worker] = at;
    };
    processes.note_ring = [this](const RingNote& note) {
      if (notes.disk_is_full) return false;
      notes.stages.push_back(note.stage);
      notes.leftovers = note.stage != RingNote::Stage::clean;
      if (note.stage != RingNote::Stage::changed) return true;
      notes.ring = Ring(note.nodes);
      notes.lost.clear();
      if (on_changed) on_changed();
      return true;
    };
    return processes;
  }

  Rig rig_;

 public:
  Notes notes;
  std::function<void()> on_changed{};  ///< It is noted, and nothing more has been done.
};

}  // namespace pkv::test
