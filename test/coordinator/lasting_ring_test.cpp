#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

// Changes of the ring of nodes with files: what a server would find that starts at that moment.

namespace pkv {
namespace {

using namespace std::chrono_literals;
using test::Rig;
using test::TestClient;

constexpr std::size_t key_count = 120;

/// What is noted beside the files.
struct Notes {
  Ring ring;
  bool leftovers = false;
  std::set<std::size_t> lost{};  ///< Workers.
  std::vector<RingNote::Stage> stages{};
  bool disk_is_full = false;
};

/// What its nodes store stands for their files: all that they have run is in them.
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
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (rig_.cluster.busy() || !rig_.coordinator.idle()) {
      REQUIRE(std::chrono::steady_clock::now() < deadline);
      rig_.turn();
    }
  }

  /// The workers whose files a later server would take the key from.
  [[nodiscard]] std::vector<std::size_t> found_at(const std::string& key) const {
    std::vector<std::size_t> workers;
    const std::size_t replicas = rig_.coordinator.settings().replicas;
    for (const NodeId node : notes.ring.owners(key, replicas))
      if (!notes.lost.contains(to_number(node) - 1)) workers.push_back(to_number(node) - 1);
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
        notes.lost.insert(worker);
    };
    processes.note_ring = [this](const RingNote& note) {
      if (notes.disk_is_full) return false;
      notes.stages.push_back(note.stage);
      notes.leftovers = note.stage != RingNote::Stage::clean;
      if (note.stage != RingNote::Stage::changed) return true;
      notes.ring = Ring(note.nodes);
      notes.lost.clear();
      return true;
    };
    return processes;
  }

  Rig rig_;

 public:
  Notes notes;
};

/// A client that knows what may be found of each of its keys: what was acknowledged last, or
/// anything sent after that.
class Writer {
 public:
  using State = std::optional<std::string>;

  explicit Writer(LastingRig& store, std::uint64_t id) : client_(store.rig(), id), id_(id) {}

  void send_one(std::mt19937_64& random) {
    const std::string key = key_of(random() % key_count);
    ++number_;
    if (random() % 3 == 0) {
      possible(key).emplace_back(number_, std::nullopt);
      client_.send("DEL " + key + "\r\n");
    } else {
      possible(key).emplace_back(number_, std::to_string(number_));
      client_.send("SET " + key + " " + std::to_string(number_) + "\r\n");
    }
    sent_.emplace_back(number_, key);
    take_answers();
  }

  void take_answers() {
    received_ += client_.take();
    for (auto end = received_.find("\r\n"); end != std::string::npos;
         end = received_.find("\r\n")) {
      REQUIRE(!sent_.empty());
      const auto [number, key] = sent_.front();
      sent_.pop_front();
      const bool failed = received_.front() == '-';  // whether it has happened nobody knows
      received_.erase(0, end + 2);
      auto& states = possible(key);
      while (!failed && states.front().first < number)
        states.pop_front();
    }
  }

  /// As if all processes were killed now.
  void audit(LastingRig& store) {
    take_answers();
    for (std::size_t i = 0; i < key_count; ++i) {
      const std::string key = key_of(i);
      const auto holders = store.found_at(key);
      REQUIRE(!holders.empty());
      for (const std::size_t worker : holders) {
        CAPTURE(key, worker);
        REQUIRE(may_be(key, store.stored(worker, key)));
      }
    }
  }

  /// When nothing is under way: all holders have it, and nobody else.
  void audit_at_rest(LastingRig& store) {
    audit(store);
    for (std::size_t i = 0; i < key_count; ++i) {
      const std::string key = key_of(i);
      const auto holders = store.found_at(key);
      const State there = store.stored(holders.front(), key);
      for (std::size_t worker = 0; worker < store.rig().coordinator.worker_count(); ++worker) {
        CAPTURE(key, worker);
        const bool holds = std::ranges::find(holders, worker) != holders.end();
        REQUIRE(store.stored(worker, key) == (holds ? there : std::nullopt));
      }
    }
  }

  [[nodiscard]] std::string key_of(std::size_t number) const {
    return "w" + std::to_string(id_) + "k" + std::to_string(number);
  }

 private:
  [[nodiscard]] bool may_be(const std::string& key, const State& state) {
    const auto known = possible_.find(key);
    if (known == possible_.end()) return !state;
    return std::ranges::any_of(known->second, [&](const auto& one) { return one.second == state; });
  }
  std::deque<std::pair<std::uint64_t, State>>& possible(const std::string& key) {
    return possible_.try_emplace(key, 1, std::pair(std::uint64_t{0}, State())).first->second;
  }

  TestClient client_;
  std::uint64_t id_;
  std::string received_;
  std::uint64_t number_ = 0;
  std::deque<std::pair<std::uint64_t, std::string>> sent_;
  std::map<std::string, std::deque<std::pair<std::uint64_t, State>>> possible_;
};

TEST_CASE("LastingRing: whenever all processes are killed, the noted ring tells where keys are",
          "[coordinator][cluster][lasting]") {
  const auto seed = std::random_device()();
  const std::size_t replicas = 1;
  CAPTURE(seed, replicas);
  std::mt19937_64 random(seed);
  std::ptrdiff_t changes = 0;
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    const std::size_t workers = 3 + random() % 3;
    LastingRig store(workers, replicas);
    Rig& rig = store.rig();
    std::deque<Writer> writers;
    for (std::uint64_t id = 1; id <= 3; ++id)
      writers.emplace_back(store, id);
    rig.transport.by_hand();
    std::optional<std::size_t> away;
    for (int step = 0; step < 4'000; ++step) {
      const auto choice = random() % 100;
      if (choice < 25) {
        writers[random() % writers.size()].send_one(random);
      } else if (choice < 55) {
        rig.turn();
      } else if (choice < 96) {
        for (auto steps = random() % 8; steps > 0; --steps)
          if (!rig.transport.step(random)) break;
      } else if (choice == 96 && replicas > 1 && away) {
        test::return_worker(rig, *std::exchange(away, std::nullopt));
      } else if (choice == 97 && replicas > 1 && !away && store.notes.lost.empty()) {
        away = random() % workers;
        test::lose(rig, *away);
      } else if (choice == 98 && random() % 2 == 0) {
        static constexpr std::array words{"FAIL ", "DRAIN ", "RESTORE ", "RESTORE ", "WEIGHT "};
        const std::size_t change = random() % words.size();
        TestClient administrator(rig, 99);
        administrator.send("NODE " + (words[change] + std::to_string(1 + random() % workers)) +
                           (change == 4 ? " " + std::to_string(1 + random() % 3) : "") + "\r\n");
      } else if (choice == 99) {
        store.notes.disk_is_full = random() % 8 == 0;
      }
      if (step % 40 == 0)
        for (Writer& writer : writers)
          writer.audit(store);
    }
    changes += std::ranges::count(store.notes.stages, RingNote::Stage::changed);
    store.notes.disk_is_full = false;
    rig.transport.let_go();
    if (away) test::return_worker(rig, *away);
    store.settle();
    CHECK_FALSE(store.notes.leftovers);
    CHECK(store.notes.lost.empty());
    for (Writer& writer : writers)
      writer.audit_at_rest(store);
  }
  CHECK(changes > 0);
}

TEST_CASE("LastingRing: a change is noted, made, noted again, and cleaned up after",
          "[coordinator][cluster][lasting]") {
  using Stage = RingNote::Stage;
  const std::size_t replicas = 1;
  LastingRig store(4, replicas);
  Writer writer(store, 1);
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) {
    writer.send_one(random);
    store.rig().settle();
  }
  for (const char* const change : {"NODE WEIGHT 1 2.5", "NODE DRAIN 2", "NODE RESTORE 2"}) {
    CAPTURE(change);
    store.notes.stages.clear();
    CHECK(store.ask(change) == "+OK\r\n");
    store.settle();
    CHECK(store.notes.stages == std::vector{Stage::changing, Stage::changed, Stage::clean});
    writer.audit_at_rest(store);
  }
  const Ring expected({{NodeId{1}, 2.5}, {NodeId{2}}, {NodeId{3}}, {NodeId{4}}});
  CHECK((store.notes.ring == expected));
}

TEST_CASE("LastingRing: two changes at once are noted as one", "[coordinator][cluster][lasting]") {
  using Stage = RingNote::Stage;
  LastingRig store(4, 1);
  Writer writer(store, 1);
  std::mt19937_64 random(2);
  for (int i = 0; i < 300; ++i)
    writer.send_one(random);
  store.rig().settle();
  store.rig().transport.by_hand();
  TestClient administrator(store.rig(), 99);
  const int turns = store.rig().turns_asked_for;
  administrator.send("NODE DRAIN 4\r\n");
  CHECK(store.rig().turns_asked_for > turns);  // also if nobody asks for anything afterwards
  store.rig().turn();
  administrator.send("NODE WEIGHT 2 3\r\n");
  administrator.send("NODE RESTORE 4\r\n");
  store.rig().turn();
  CHECK(administrator.take() == "+OK\r\n+OK\r\n+OK\r\n");
  CHECK(store.rig().cluster.state(1) == Cluster::State::filling);
  store.rig().transport.let_go();
  store.settle();
  CHECK(store.notes.stages == std::vector{Stage::changing, Stage::changed, Stage::clean});
  CHECK(store.notes.ring.nodes().size() == 4);
  writer.audit_at_rest(store);
}

TEST_CASE("LastingRing: what cannot be done soundly is refused, and says what to do",
          "[coordinator][cluster][lasting]") {
  using Catch::Matchers::Contains;
  SECTION("without replicas") {
    LastingRig store(2, 1);
    CHECK_THAT(store.ask("NODE FAIL 1"), Contains("-ERR without replicas") && Contains("DRAIN"));
    CHECK(store.ask("NODE DRAIN 1") == "+OK\r\n");
    store.settle();
    CHECK_THAT(store.ask("NODE DRAIN 2"), Contains("last one on the ring"));
    CHECK(store.ask("NODE RESTORE 1") == "+OK\r\n");
    store.settle();
    test::lose(store.rig(), 0);
    CHECK_THAT(store.ask("NODE WEIGHT 2 2"), Contains("nobody holds some of the keys"));
  }
  SECTION("with replicas") {
    LastingRig store(4, 2);
    CHECK_THAT(store.ask("NODE DRAIN 2"), Contains("with replicas the ring cannot be changed"));
    CHECK_FALSE(store.rig().cluster.busy());
  }
  SECTION("on a full disk") {
    LastingRig store(2, 1);
    store.notes.disk_is_full = true;
    CHECK_THAT(store.ask("NODE WEIGHT 2 2"), Contains("cannot be noted"));
    CHECK(store.rig().coordinator.ring().nodes()[1].weight == 1.0);
    CHECK_FALSE(store.rig().cluster.busy());
  }
}

TEST_CASE("LastingRing: without replicas a loss takes a change back",
          "[coordinator][cluster][lasting]") {
  LastingRig store(3, 1);
  Writer writer(store, 1);
  std::mt19937_64 random(3);
  for (int i = 0; i < 300; ++i)
    writer.send_one(random);
  store.rig().settle();
  store.rig().transport.by_hand();
  TestClient administrator(store.rig(), 99);
  administrator.send("NODE DRAIN 2\r\n");
  store.rig().turn();
  REQUIRE(administrator.take() == "+OK\r\n");
  test::lose(store.rig(), 2);
  CHECK(store.rig().coordinator.ring().nodes().size() == 3);
  CHECK(store.rig().coordinator.placement().held_share(1) == Approx(1.0 / 3).epsilon(0.1));
  store.rig().transport.let_go();
  test::return_worker(store.rig(), 2);  // here without its entries: there are no files
  store.settle();
  CHECK(store.rig().cluster.state(2) == Cluster::State::up);
  CHECK_FALSE(store.notes.leftovers);
  CHECK(store.ask("NODE DRAIN 2") == "+OK\r\n");
  store.settle();
  CHECK(store.notes.ring.nodes().size() == 2);
}

TEST_CASE("LastingRing: what an earlier server has left is erased, and stays erased",
          "[coordinator][cluster][lasting]") {
  LastingRig store(3, 1);
  Writer writer(store, 1);
  std::mt19937_64 random(4);
  for (int i = 0; i < 300; ++i)
    writer.send_one(random);
  store.rig().settle();
  for (std::size_t worker = 0; worker < 3; ++worker)
    for (std::size_t i = 0; i < key_count; ++i)
      if (store.found_at(writer.key_of(i)).front() != worker)
        REQUIRE(store.rig().transport.store(worker).put(writer.key_of(i), "stale"));
  store.rig().cluster.remove_leftovers();
  for (std::size_t i = 0; i < key_count; ++i)
    CHECK(store.ask("GET " + writer.key_of(i)).find("stale") == std::string::npos);
  // At once, so that it has to wait for what is still there.
  CHECK(store.ask("NODE DRAIN 3") == "+OK\r\n");
  store.settle();
  CHECK_FALSE(store.notes.leftovers);
  writer.audit_at_rest(store);
}

}  // namespace
}  // namespace pkv
