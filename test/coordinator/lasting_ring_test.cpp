#include "coordinator/lasting_rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
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
using test::LastingRig;
using test::Rig;
using test::TestClient;

constexpr std::size_t key_count = 120;

/// A client that knows what may be found of each of its keys: what was acknowledged last, or
/// anything sent after that.
class Writer {
 public:
  using State = std::optional<std::string>;

  explicit Writer(LastingRig& store, std::uint64_t id) : client_(store.rig(), id), id_(id) {}

  void send(int count, std::mt19937_64& random) {
    for (int i = 0; i < count; ++i)
      send_one(random);
  }

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
  const std::size_t replicas = GENERATE(1u, 2u, 3u);
  CAPTURE(seed, replicas);
  std::mt19937_64 random(seed);
  std::ptrdiff_t changes = 0;
  // Losses and full disks keep some rounds from finishing any change: then there are more of them.
  for (int round = 0; round < 3 || (changes == 0 && round < 40); ++round) {
    CAPTURE(round);
    const std::size_t workers = std::max(replicas + 1, 3 + random() % 3);
    LastingRig store(workers, replicas);
    Rig& rig = store.rig();
    std::deque<Writer> writers;
    for (std::uint64_t id = 1; id <= 3; ++id)
      writers.emplace_back(store, id);
    const auto audit = [&] {
      for (Writer& writer : writers)
        writer.audit(store);
    };
    store.on_changed = audit;
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
      } else if (choice == 96 && away) {
        store.come_back(*std::exchange(away, std::nullopt));
      } else if (choice == 97 && random() % 8 == 0 && !away &&
                 store.notes.lost.size() + 1 < replicas) {
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
      if (step % 40 == 0) audit();
    }
    changes += std::ranges::count(store.notes.stages, RingNote::Stage::changed);
    store.notes.disk_is_full = false;
    rig.transport.let_go();
    if (away) store.come_back(*away);
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
  const std::size_t replicas = GENERATE(1u, 2u);
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
  writer.send(300, random);
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
    CHECK(store.ask("NODE DRAIN 1") == "+OK\r\n");
    store.settle();
    CHECK(store.ask("NODE DRAIN 2") == "+OK\r\n");
    store.settle();
    CHECK_THAT(store.ask("NODE DRAIN 3"), Contains("fewer nodes on the ring than replicas"));
    CHECK(store.ask("NODE RESTORE 2") == "+OK\r\n");
    store.settle();
    CHECK(store.ask("NODE RESTORE 1") == "+OK\r\n");
    store.settle();
    test::lose(store.rig(), 0);
    CHECK_THAT(store.ask("NODE FAIL 2"), Contains("another node does not hold all"));
    CHECK_THAT(store.ask("NODE WEIGHT 2 3"), Contains("another node does not hold all"));
    store.come_back(0);
    store.settle();
    store.rig().transport.by_hand();
    TestClient administrator(store.rig(), 99);
    administrator.send("NODE FAIL 2\r\nNODE FAIL 3\r\nNODE RESTORE 2\r\n");
    CHECK_THAT(administrator.take(), Catch::StartsWith("+OK\r\n-ERR the ring is being changed") &&
                                         Contains("\r\n-ERR another node does not hold all"));
    store.rig().transport.let_go();
    CHECK(store.lost() == std::set<std::size_t>{1});  // until others have its keys
    store.settle();
    CHECK(store.notes.lost.empty());
  }
  SECTION("while copies are made equal") {
    LastingRig store(3, 2);
    store.rig().transport.by_hand();
    store.rig().cluster.even_out_copies({}, [] {});
    TestClient administrator(store.rig(), 99);
    administrator.send("NODE DRAIN 1\r\n");
    CHECK_THAT(administrator.take(), Contains("being made equal"));
    store.rig().transport.let_go();
    store.settle();
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
  writer.send(300, random);
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
  store.come_back(2);  // here without its entries: there are no files
  store.settle();
  CHECK(store.rig().cluster.state(2) == Cluster::State::up);
  CHECK_FALSE(store.notes.leftovers);
  CHECK(store.ask("NODE DRAIN 2") == "+OK\r\n");
  store.settle();
  CHECK(store.notes.ring.nodes().size() == 2);
}

/// Asks for a change and lets copying go on until some of it is complete. Requires: no answers but
/// by hand.
void begin_to_change(LastingRig& store, const std::string& change, std::mt19937_64& random) {
  Rig& rig = store.rig();
  TestClient administrator(rig, 99);
  administrator.send(change + "\r\n");
  REQUIRE(administrator.take() == "+OK\r\n");
  while (rig.coordinator.placement().waiting().empty()) {
    rig.turn();
    static_cast<void>(rig.transport.step(random));
  }
  REQUIRE_FALSE(rig.coordinator.placement().can_release());
}

TEST_CASE("LastingRing: nobody goes on for holders that are noted and lost",
          "[coordinator][cluster][lasting]") {
  LastingRig store(5, 2);
  Rig& rig = store.rig();
  Writer writer(store, 1);
  std::mt19937_64 random(5);
  writer.send(500, random);
  rig.settle();
  rig.transport.by_hand();
  begin_to_change(store, "NODE DRAIN 2", random);
  // A key whose next holder has everything already, while others are still being filled.
  const auto waits = [&](const std::string& key) {
    wire::Operation operation;
    operation.key = key;
    const Route& route = *rig.coordinator.way_of(operation).route;
    return std::ranges::any_of(route.fills(), [&](const Fill& fill) {
      return rig.coordinator.placement().waits(fill.transfer);
    });
  };
  std::string key;
  for (std::size_t i = 0; i < key_count && key.empty(); ++i)
    if (waits(writer.key_of(i)) &&
        store.stored(store.found_at(writer.key_of(i))[0], writer.key_of(i)))
      key = writer.key_of(i);
  REQUIRE_FALSE(key.empty());
  const std::vector<std::size_t> noted = store.found_at(key);
  test::lose(rig, noted[0]);
  CHECK(rig.coordinator.ring().nodes().size() == 5);  // taken back
  CHECK(rig.holders_of(key).size() == 1);
  test::lose(rig, noted[1]);
  CHECK(rig.holders_of(key).empty());
  rig.transport.let_go();
  // A later server would take the key from the last of those, which knows nothing of this.
  CHECK_THAT(store.ask("DEL " + key), Catch::StartsWith("-NODEDOWN"));
  store.come_back(noted[0]);
  store.come_back(noted[1]);
  store.settle();
  CHECK(store.notes.lost.empty());
  CHECK_FALSE(store.notes.leftovers);
}

TEST_CASE("LastingRing: with replicas a loss takes a change back, and costs nothing",
          "[coordinator][cluster][lasting]") {
  const auto [replicas, change] =
      GENERATE(std::pair<std::size_t, std::string>{2, "NODE DRAIN 2"},
               std::pair<std::size_t, std::string>{2, "NODE WEIGHT 3 4"},
               std::pair<std::size_t, std::string>{3, "NODE FAIL 2"});
  CAPTURE(replicas, change);
  LastingRig store(5, replicas);
  Rig& rig = store.rig();
  Writer writer(store, 1);
  std::mt19937_64 random(6);
  writer.send(500, random);
  rig.settle();
  const Ring before = rig.coordinator.ring();
  rig.transport.by_hand();
  begin_to_change(store, change, random);
  test::lose(rig, 3);
  CHECK((rig.coordinator.ring() == before));
  rig.transport.let_go();
  writer.send(100, random);
  rig.settle();
  writer.audit(store);
  store.come_back(3);
  store.settle();
  for (std::size_t worker = 0; worker < 5; ++worker)
    CHECK(rig.cluster.state(worker) == Cluster::State::up);
  CHECK(store.notes.lost.empty());
  CHECK((store.notes.ring == before));
  writer.audit_at_rest(store);
  CHECK(store.ask(change) == "+OK\r\n");
  store.settle();
  CHECK((store.notes.ring == rig.coordinator.ring()));
  CHECK_FALSE((store.notes.ring == before));
  writer.audit_at_rest(store);
}

TEST_CASE("LastingRing: a node that was failed is filled behind those that are lost meanwhile",
          "[coordinator][cluster][lasting]") {
  LastingRig store(4, 2);
  Rig& rig = store.rig();
  Writer writer(store, 1);
  std::mt19937_64 random(7);
  writer.send(500, random);
  rig.settle();
  rig.transport.by_hand();
  begin_to_change(store, "NODE FAIL 2", random);
  test::lose(rig, 2);
  rig.transport.let_go();
  rig.settle();
  // Two of two: keys that only these had are not to begin anew at the one that is known to be
  // empty.
  CHECK(rig.cluster.state(1) == Cluster::State::failed);
  CHECK(rig.coordinator.placement().unheld_share() > 0);
  CHECK(store.lost() == std::set<std::size_t>{1, 2});
  store.come_back(2);
  store.settle();
  CHECK(rig.cluster.state(1) == Cluster::State::up);
  CHECK(rig.cluster.state(2) == Cluster::State::up);
  CHECK(store.notes.lost.empty());
}

TEST_CASE("LastingRing: a node that is down can be taken off the ring",
          "[coordinator][cluster][lasting]") {
  const std::string change = GENERATE("NODE DRAIN 2", "NODE FAIL 2");
  LastingRig store(4, 2);
  Rig& rig = store.rig();
  Writer writer(store, 1);
  std::mt19937_64 random(8);
  writer.send(500, random);
  rig.settle();
  test::lose(rig, 1);
  CHECK(store.ask(change) == "+OK\r\n");
  rig.settle();
  store.come_back(1);
  store.settle();
  CHECK(store.notes.ring.nodes().size() == 3);
  CHECK(store.notes.lost.empty());
  CHECK_FALSE(store.notes.leftovers);
  writer.audit_at_rest(store);
  CHECK(store.ask("NODE RESTORE 2") == "+OK\r\n");
  store.settle();
  CHECK(store.notes.ring.nodes().size() == 4);
  writer.audit_at_rest(store);
}

TEST_CASE("LastingRing: a change waits for room on the disk to be noted",
          "[coordinator][cluster][lasting]") {
  LastingRig store(4, 2);
  Rig& rig = store.rig();
  Writer writer(store, 1);
  std::mt19937_64 random(9);
  writer.send(300, random);
  rig.settle();
  const Ring before = store.notes.ring;
  rig.transport.by_hand();
  begin_to_change(store, "NODE WEIGHT 1 3", random);
  store.notes.disk_is_full = true;
  rig.transport.let_go();
  const auto until = std::chrono::steady_clock::now() + 300ms;
  while (std::chrono::steady_clock::now() < until) {
    writer.send_one(random);
    rig.settle();
  }
  CHECK(rig.coordinator.placement().can_release());
  CHECK((store.notes.ring == before));
  writer.audit(store);
  store.notes.disk_is_full = false;
  store.settle();
  CHECK((store.notes.ring == rig.coordinator.ring()));
  writer.audit_at_rest(store);
}

TEST_CASE("LastingRing: what an earlier server has left is erased, and stays erased",
          "[coordinator][cluster][lasting]") {
  LastingRig store(3, 1);
  Writer writer(store, 1);
  std::mt19937_64 random(4);
  writer.send(300, random);
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
