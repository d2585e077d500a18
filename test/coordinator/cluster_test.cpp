#include "coordinator/cluster.hpp"

#include "coordinator/discard_replies.hpp"
#include "coordinator/rig.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

using namespace pkv;
using namespace std::chrono_literals;
using test::bulk;
using test::Rig;
using test::TestClient;

namespace {

constexpr std::size_t two_replicas = 2;

/// Turns until all that is being copied or erased is done.
void settle(Rig& rig) {
  // By time, not turns: copying pauses after a failure.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (rig.cluster.busy() || !rig.coordinator.idle()) {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    rig.turn();
  }
}

}  // namespace

TEST_CASE("Cluster: with two replicas a lost worker loses nothing, and is filled when it is back",
          "[coordinator][cluster]") {
  Rig rig(4, {}, two_replicas);
  TestClient client(rig);
  for (int i = 0; i < 500; ++i)
    REQUIRE(ask(rig, client, "SET key" + std::to_string(i) + " v" + std::to_string(i)) ==
            "+OK\r\n");
  CHECK(ask(rig, client, "DBSIZE") == ":500\r\n");

  for (std::size_t worker = 0; worker < 4; ++worker) {
    lose(rig, worker);
    CHECK(rig.cluster.state(worker) == Cluster::State::down);
    CHECK(ask(rig, client, "DBSIZE") == ":500\r\n");
    for (int i = 0; i < 500; ++i)
      REQUIRE(ask(rig, client, "GET key" + std::to_string(i)) == bulk("v" + std::to_string(i)));
    return_worker(rig, worker);
    CHECK(rig.cluster.state(worker) == Cluster::State::filling);
    settle(rig);
    CHECK(rig.cluster.state(worker) == Cluster::State::up);
    CHECK(rig.coordinator.epoch(worker) == 2);
    CHECK(rig.cluster.deaths(worker) == 1);
  }
  CHECK(ask(rig, client, "DBSIZE") == ":500\r\n");
}

/// Writes to one holder alone, as if the others had been killed before it came to them.
void write_to_one(Rig& rig, std::size_t worker, const std::string& key, const std::string& value) {
  wire::Operation put;
  put.opcode = wire::Opcode::put;
  put.key = key;
  put.value = value;
  rig.coordinator.append(worker, put, discarded_reply());
}

TEST_CASE("Cluster: copies that differ are made equal, and read from one meanwhile",
          "[coordinator][cluster]") {
  const std::size_t replicas = GENERATE(2u, 3u);
  CAPTURE(replicas);
  Rig rig(4, {}, replicas);
  TestClient client(rig);
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key" + std::to_string(i);
    ask(rig, client, "SET " + key + " v");
    for (const std::size_t holder : rig.holders_of(key))
      if (i % 3 == 0) write_to_one(rig, holder, key, "of" + std::to_string(holder));
    if (i % 3 == 1) write_to_one(rig, rig.holders_of(key).front(), "x" + key, "extra");
  }
  rig.settle();
  const bool one_is_lost = GENERATE(false, true);
  if (one_is_lost) lose(rig, 2);

  int told = 0;
  rig.cluster.even_out_copies({}, [&told] { ++told; });
  CHECK(told == 0);
  std::map<std::string, std::string> seen;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key" + std::to_string(i);
    seen[key] = ask(rig, client, "GET " + key);
    CHECK(seen[key].starts_with(i % 3 == 0 ? "$3\r\nof" : "$1\r\nv"));
  }
  if (one_is_lost) {
    settle(rig);
    CHECK(told == 0);
    return_worker(rig, 2);
  }
  settle(rig);
  CHECK(told == 1);
  // Whichever holder is asked.
  for (std::size_t worker = 0; worker < 4; ++worker) {
    CHECK(rig.cluster.state(worker) == Cluster::State::up);
    lose(rig, worker);
    for (const auto& [key, value] : seen)
      REQUIRE(ask(rig, client, "GET " + key) == value);
    return_worker(rig, worker);
    settle(rig);
  }
  CHECK(told == 1);
}

TEST_CASE("Cluster: of copies that differ the most trusted is kept", "[coordinator][cluster]") {
  Rig rig(4, {}, two_replicas);
  TestClient client(rig);
  std::map<std::string, WorkerList> holders;
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key" + std::to_string(i);
    holders[key] = rig.holders_of(key);
    for (const std::size_t holder : holders[key])
      write_to_one(rig, holder, key, std::to_string(holder));
  }
  rig.settle();
  const std::vector<std::size_t> least_trusted_first{2, 0};
  const auto trust = [](std::size_t worker) { return worker == 2 ? 0 : worker == 0 ? 1 : 2; };
  rig.cluster.even_out_copies(least_trusted_first, [] {});
  for (int round = 0; round < 2; ++round) {
    for (const auto& [key, before] : holders) {
      const std::string answer = ask(rig, client, "GET " + key);
      REQUIRE(answer.size() == bulk("1").size());
      const auto kept = static_cast<std::size_t>(answer[4] - '0');
      CHECK(before.contains(static_cast<WorkerIndex>(kept)));
      for (const std::size_t holder : before)
        CHECK(trust(kept) >= trust(holder));
    }
    settle(rig);
  }
}

TEST_CASE("Cluster: copies of a lone node are equal at once", "[coordinator][cluster]") {
  Rig rig(1, {}, two_replicas);
  TestClient client(rig);
  ask(rig, client, "SET k v");
  int told = 0;
  rig.cluster.even_out_copies({}, [&told] { ++told; });
  CHECK(told == 1);
  CHECK(ask(rig, client, "GET k") == bulk("v"));
}

TEST_CASE("Cluster: without replicas the keys of a lost worker are refused, others are served",
          "[coordinator][cluster]") {
  Rig rig(3);
  TestClient client(rig);
  const std::string lost = rig.key_of(1);
  const std::string kept = rig.key_of(2);
  ask(rig, client, "SET " + lost + " 1");
  ask(rig, client, "SET " + kept + " 2");
  lose(rig, 1);
  CHECK(ask(rig, client, "GET " + lost).starts_with("-NODEDOWN "));
  CHECK(ask(rig, client, "SET " + lost + " 3").starts_with("-NODEDOWN "));
  CHECK(ask(rig, client, "MSET " + kept + " 4 " + lost + " 5").starts_with("-NODEDOWN "));
  CHECK(ask(rig, client, "GET " + kept) == "$1\r\n2\r\n");
  // Also when nothing else happens the client is told, at the end of a turn.
  for (const std::string& command : {"GET " + lost, std::string("NODES")}) {
    if (command == "NODES") {
      lose(rig, 0);
      lose(rig, 2);
    }
    rig.turns_asked_for = 0;
    client.send(command + "\r\n");
    CHECK(rig.turns_asked_for == 1);
    rig.settle();
    CHECK_FALSE(client.take().empty());
  }
  return_worker(rig, 0);
  return_worker(rig, 2);

  return_worker(rig, 1);
  settle(rig);
  CHECK(ask(rig, client, "GET " + lost) == "$-1\r\n");
  CHECK(ask(rig, client, "SET " + lost + " 3") == "+OK\r\n");
  CHECK(ask(rig, client, "GET " + lost) == "$1\r\n3\r\n");
}

TEST_CASE("Cluster: a write under way at a worker that dies is answered by the others",
          "[coordinator][cluster]") {
  Rig rig(2, {}, two_replicas);
  TestClient client(rig);
  rig.transport.by_hand();
  client.send("INCR n\r\n");
  rig.turn();
  REQUIRE(rig.transport.run(0));
  REQUIRE(rig.transport.deliver(0));
  rig.turn();
  CHECK(client.take().empty());  // the other one has not answered
  lose(rig, 1);
  rig.turn();
  CHECK(client.take() == ":1\r\n");
  rig.transport.let_go();
  CHECK(ask(rig, client, "INCR n") == ":2\r\n");
}

TEST_CASE("Cluster: a read whose worker dies does not see what its client has cleared behind it",
          "[coordinator][cluster]") {
  Rig rig(2, {}, two_replicas);
  TestClient client(rig);
  REQUIRE(ask(rig, client, "SET k v") == "+OK\r\n");
  rig.transport.by_hand();
  // Reads go to both, as the one has less to do when the other has the first.
  client.send("GET k\r\nGET k\r\nFLUSHALL\r\nGET k\r\nSET k w\r\nFLUSHALL\r\nSET k x\r\n");
  rig.turn();
  const std::size_t victim = GENERATE(0U, 1U);
  while (rig.transport.run(1 - victim)) {
  }
  lose(rig, victim);
  rig.transport.let_go();
  rig.settle();
  CHECK(client.take() == "$1\r\nv\r\n$1\r\nv\r\n+OK\r\n$-1\r\n+OK\r\n+OK\r\n+OK\r\n");
  CHECK(ask(rig, client, "GET k") == "$1\r\nx\r\n");
}

TEST_CASE("Cluster: a node failed by command is off the ring and empty; restored, it is filled",
          "[coordinator][cluster]") {
  Rig rig(3, {}, two_replicas);
  TestClient client(rig);
  for (int i = 0; i < 300; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  CHECK(ask(rig, client, "NODE FAIL 2") == "+OK\r\n");
  settle(rig);
  CHECK(rig.cluster.state(1) == Cluster::State::failed);
  CHECK(rig.coordinator.ring().nodes().size() == 2);
  CHECK(rig.coordinator.placement().degree() == 2);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");

  CHECK(ask(rig, client, "NODE RESTORE 2") == "+OK\r\n");
  settle(rig);
  CHECK(rig.cluster.state(1) == Cluster::State::up);
  CHECK(rig.coordinator.placement().degree() == 2);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");
  for (int i = 0; i < 300; ++i)
    REQUIRE(ask(rig, client, "GET key" + std::to_string(i)) == "$1\r\nv\r\n");
}

TEST_CASE("Cluster: draining and re-weighting move keys without losing any",
          "[coordinator][cluster]") {
  Rig rig(4);
  TestClient client(rig);
  for (int i = 0; i < 300; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  CHECK(ask(rig, client, "NODE DRAIN 3") == "+OK\r\n");
  CHECK(rig.cluster.state(2) == Cluster::State::draining);
  settle(rig);
  CHECK(rig.cluster.state(2) == Cluster::State::drained);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");
  CHECK(ask(rig, client, "NODE WEIGHT 1 3.5") == "+OK\r\n");
  settle(rig);
  CHECK(rig.coordinator.ring().share(NodeId{1}) > 0.55);
  CHECK(ask(rig, client, "NODE RESTORE 3") == "+OK\r\n");
  settle(rig);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");
  for (int i = 0; i < 300; ++i)
    REQUIRE(ask(rig, client, "GET key" + std::to_string(i)) == "$1\r\nv\r\n");
}

TEST_CASE("Cluster: a spare takes the place of a worker that does not return",
          "[coordinator][cluster]") {
  constexpr std::size_t one_spare = 1;
  Rig rig(4, {}, two_replicas, one_spare);
  TestClient client(rig);
  for (int i = 0; i < 300; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  CHECK(rig.cluster.state(3) == Cluster::State::spare);
  const Ring before = rig.coordinator.ring();

  lose(rig, 1);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");  // also with a node that holds nothing
  rig.cluster.worker_lost({1, 1, "its machine is gone", false});
  settle(rig);
  CHECK(rig.coordinator.ring() == before);
  CHECK(rig.cluster.state(3) == Cluster::State::up);
  CHECK(rig.cluster.worker_of(NodeId{2}) == 3);
  CHECK(rig.coordinator.placement().degree() == 2);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");

  return_worker(rig, 1);
  settle(rig);
  CHECK(rig.cluster.state(1) == Cluster::State::spare);
  CHECK(ask(rig, client, "NODE ADD") == "+OK\r\n");
  settle(rig);
  CHECK(rig.cluster.state(1) == Cluster::State::up);
  CHECK(rig.coordinator.ring().nodes().size() == 4);
  CHECK(ask(rig, client, "NODE ADD").starts_with("-ERR there is no spare node"));
  for (int i = 0; i < 300; ++i)
    REQUIRE(ask(rig, client, "GET key" + std::to_string(i)) == "$1\r\nv\r\n");
}

TEST_CASE("Cluster: where processes do not return, spares take their places until there is none",
          "[coordinator][cluster]") {
  constexpr std::size_t two_spares = 2;
  std::vector<std::size_t> given_up;
  const auto give_up = [&](std::size_t worker, std::uint32_t) { given_up.push_back(worker); };
  Rig rig(5, {}, two_replicas, two_spares, {give_up, {}, false});
  TestClient client(rig);
  for (int i = 0; i < 300; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  // Found by the transport, so that its process has to be ended; then by its keeper.
  rig.transport.kill(1);
  rig.transport.notice_loss(1);
  rig.turn();
  settle(rig);
  CHECK(given_up == std::vector<std::size_t>{1});
  CHECK(rig.cluster.state(1) == Cluster::State::down);
  CHECK(rig.cluster.worker_of(NodeId{2}) == 3);
  CHECK(rig.coordinator.placement().degree() == 2);
  lose(rig, 0);
  settle(rig);
  CHECK(rig.cluster.worker_of(NodeId{1}) == 4);
  CHECK(rig.coordinator.placement().degree() == 2);
  CHECK(given_up.size() == 1);

  lose(rig, 3);
  CHECK(rig.cluster.state(3) == Cluster::State::down);
  settle(rig);
  CHECK_FALSE(rig.cluster.busy());  // nobody is left who could take its place
  CHECK(rig.cluster.worker_of(NodeId{2}) == 3);
  CHECK(ask(rig, client, "DBSIZE") == ":300\r\n");
  for (int i = 0; i < 300; ++i)
    REQUIRE(ask(rig, client, "GET key" + std::to_string(i)) == "$1\r\nv\r\n");
}

TEST_CASE("Cluster: a spare on another machine keeps replicas on different ones",
          "[coordinator][cluster]") {
  constexpr std::size_t one_spare = 1;
  Rig rig(4, {}, two_replicas, one_spare);
  const std::vector<std::string> hosts{"a", "b", "b", "a"};
  for (std::size_t worker = 0; worker < hosts.size(); ++worker)
    rig.coordinator.node(worker).host = hosts[worker];
  lose(rig, 1);
  rig.cluster.worker_lost({1, 1, "its machine is gone", false});
  settle(rig);
  CHECK(rig.cluster.worker_of(NodeId{2}) == 3);
  // Workers 0 and 3 are on one machine, so a replica of every key is on the only one of the other.
  for (int i = 0; i < 300; ++i)
    REQUIRE(rig.holders_of("key" + std::to_string(i)).contains(2));
}

TEST_CASE("Cluster: changes that make no sense are refused with a reason",
          "[coordinator][cluster]") {
  Rig rig(2);
  TestClient client(rig);
  CHECK(ask(rig, client, "NODE FAIL 7").starts_with("-ERR there is no node 7"));
  CHECK(ask(rig, client, "NODE FAIL one").starts_with("-ERR a node's id must be a number"));
  CHECK(ask(rig, client, "NODE WEIGHT 1 0").starts_with("-ERR "));
  CHECK(ask(rig, client, "NODE WEIGHT 1 x").starts_with("-ERR a weight must be"));
  CHECK(ask(rig, client, "NODE RESTORE 1").starts_with("-ERR node 1 is on the ring"));
  CHECK(ask(rig, client, "NODE MELT 1").starts_with("-ERR unknown subcommand"));
  CHECK(ask(rig, client, "NODE KILL 1").starts_with("-ERR killing processes is not enabled"));
  CHECK(ask(rig, client, "NODE FAIL 1") == "+OK\r\n");
  CHECK(ask(rig, client, "NODE FAIL 2").starts_with("-ERR node 2 is the last one"));
}

TEST_CASE("Cluster: RING WHATIF tells what a change would move", "[coordinator][cluster]") {
  Rig rig(4);
  TestClient client(rig);
  for (int i = 0; i < 400; ++i)
    ask(rig, client, "SET key" + std::to_string(i) + " v");
  const std::string forecast = ask(rig, client, "RING WHATIF DROP 2");
  const auto number_of = [&forecast](const std::string& name) {
    const auto at = forecast.find(name + "\r\n:");
    REQUIRE(at != std::string::npos);
    return std::stol(forecast.substr(at + name.size() + 3));
  };
  // All that node 2 has, and that is about a quarter.
  const auto keys = number_of("moved_keys");
  CHECK(keys > 60);
  CHECK(keys < 140);
  CHECK(number_of("moved_bytes") > keys);
  CHECK(forecast.find("peak_to_mean") != std::string::npos);
  CHECK(rig.coordinator.ring().nodes().size() == 4);
  CHECK(ask(rig, client, "RING WHATIF ADD 2").starts_with("-ERR node 2 is on the ring"));
  // A node that was failed, and so is not there, would be if it were added.
  CHECK(ask(rig, client, "NODE FAIL 2") == "+OK\r\n");
  settle(rig);
  CHECK(ask(rig, client, "RING WHATIF ADD 2").find("moved_share\r\n$1\r\n0\r\n") ==
        std::string::npos);
}

namespace {

/// What the store would answer if it were one map and commands ran as they are sent.
class Model {
 public:
  /// `now` is the command's time.
  std::string run(std::mt19937_64& random, std::int64_t now, std::string& command) {
    const std::string key = any_key(random);
    const std::string value = std::to_string(random() % 1000);
    expire(now);
    if (random() % 200 == 0) {
      command = "FLUSHALL";
      entries_.clear();
      expiries_.clear();
      return "+OK\r\n";
    }
    switch (random() % 18) {
      case 0:
        command = "SET " + key + " " + value;
        entries_[key] = value;
        expiries_.erase(key);
        return "+OK\r\n";
      case 1:
        command = "INCR " + key;
        return ":" + (entries_[key] = std::to_string(number(key) + 1)) + "\r\n";
      case 2:
        command = "DEL " + key;
        expiries_.erase(key);
        return ":" + std::to_string(entries_.erase(key)) + "\r\n";
      case 3: {
        command = "SETNX " + key + " " + value;
        return entries_.emplace(key, value).second ? ":1\r\n" : ":0\r\n";
      }
      case 4: {
        command = "GETSET " + key + " " + value;
        const std::string old = get(key);
        entries_[key] = value;
        expiries_.erase(key);
        return old;
      }
      case 5: {
        const std::string other = any_key(random);
        command = "MSET " + key + " " + value + " " + other + " " + value;
        entries_[key] = entries_[other] = value;
        expiries_.erase(key);
        expiries_.erase(other);
        return "+OK\r\n";
      }
      case 6: {
        const std::string other = any_key(random);
        command = "MGET " + key + " " + other;
        return "*2\r\n" + get(key) + get(other);
      }
      case 7:
        command = "DBSIZE";
        return ":" + std::to_string(entries_.size()) + "\r\n";
      case 8:
        command = "SET " + key + " " + value + " PX " + std::to_string(1 + random() % 200);
        entries_[key] = value;
        expiries_[key] = now + std::stol(command.substr(command.rfind(' ')));
        return "+OK\r\n";
      case 9:
      case 10:
        command = "PEXPIRE " + key + " " + std::to_string(random() % 200);
        if (!entries_.contains(key)) return ":0\r\n";
        expiries_[key] = now + std::stol(command.substr(command.rfind(' ')));
        return ":1\r\n";
      case 11:
        command = "PERSIST " + key;
        return ":" + std::to_string(expiries_.erase(key)) + "\r\n";
      case 12:
        command = "PTTL " + key;
        if (!entries_.contains(key)) return ":-2\r\n";
        if (!expiries_.contains(key)) return ":-1\r\n";
        return ":" + std::to_string(expiries_[key] - now) + "\r\n";
      default:
        command = "GET " + key;
        return get(key);
    }
  }

  [[nodiscard]] std::string get(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? "$-1\r\n" : bulk(found->second);
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// What goes until then is gone.
  void expire(std::int64_t now) {
    std::erase_if(entries_, [&](const auto& entry) {
      const auto found = expiries_.find(entry.first);
      return found != expiries_.end() && found->second <= now;
    });
    std::erase_if(expiries_, [&](const auto& expiry) { return expiry.second <= now; });
  }
  [[nodiscard]] static std::size_t keys() { return 400; }

 private:
  static std::string any_key(std::mt19937_64& random) {
    return "k" + std::to_string(random() % keys());
  }
  [[nodiscard]] long number(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() ? 0 : std::stol(found->second);
  }

  std::map<std::string, std::string> entries_;
  std::map<std::string, std::int64_t> expiries_;
};

}  // namespace

TEST_CASE("Cluster: whatever dies, comes back, joins or leaves, replies are those of one map",
          "[coordinator][cluster]") {
  const auto seed = std::random_device()();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::size_t workers = 3 + random() % 4;
  const std::size_t replicas = 2 + random() % 2;
  CAPTURE(workers, replicas);
  Rig rig(workers, {}, replicas);
  Model model;
  rig.transport.by_hand();

  constexpr std::size_t client_count = 4;
  std::vector<std::unique_ptr<TestClient>> clients;
  // What is expected next, and the command that it answers.
  std::vector<std::deque<std::pair<std::string, std::string>>> expected(client_count);
  const auto compare = [&](std::size_t i) {
    std::string received = clients[i]->take();
    while (!received.empty()) {
      REQUIRE(!expected[i].empty());
      const auto [reply, command] = expected[i].front();
      CAPTURE(i, command);
      REQUIRE(received.substr(0, reply.size()) == reply);
      received.erase(0, reply.size());
      expected[i].pop_front();
    }
  };
  for (std::size_t i = 0; i < client_count; ++i)
    clients.push_back(std::make_unique<TestClient>(rig, i + 1));

  const auto all_up = [&] {
    for (std::size_t worker = 0; worker < workers; ++worker)
      if (rig.cluster.state(worker) != Cluster::State::up) return false;
    return true;
  };
  constexpr std::size_t nobody = 1'000;
  std::size_t losses = 0;
  std::size_t away = nobody;
  for (int step = 0; step < 12'000; ++step) {
    const auto choice = random() % 100;
    if (choice < 40) {
      const std::size_t i = random() % client_count;
      std::string command;
      std::string reply = model.run(random, rig.coordinator.order_time(), command);
      expected[i].emplace_back(std::move(reply), command);
      clients[i]->send(command + "\r\n");
    } else if (choice < 60) {
      if (choice < 45) rig.coordinator.put_clock_forward(std::chrono::milliseconds(random() % 20));
      rig.service.expirer.step();
      rig.turn();
    } else if (choice < 98) {
      for (auto steps = random() % 8; steps > 0; --steps)
        if (!rig.transport.step(random)) break;
    } else if (away != nobody && random() % 4 == 0) {
      return_worker(rig, away);
      away = nobody;
    } else if (away == nobody && all_up() && random() % 2 == 0) {
      away = random() % workers;
      lose(rig, away);
      ++losses;
    } else if (losses > 0 && random() % 3 == 0) {
      // Refused while it makes no sense; what it answers is not looked at. Not before the first
      // loss, as changes may keep some node from being up all the time.
      const std::string node = std::to_string(1 + random() % workers);
      static constexpr std::array changes{"FAIL ", "DRAIN ", "WEIGHT ", "RESTORE ", "RESTORE "};
      const std::size_t first = all_up() ? 0 : random() % 8 == 0 ? 1 : 2;
      const std::size_t change = first + random() % (changes.size() - first);
      TestClient administrator(rig, 99);
      administrator.send("NODE " + (changes[change] + node) + (change == 2 ? " 1.5\r\n" : "\r\n"));
    }
    for (std::size_t i = 0; i < client_count; ++i)
      compare(i);
  }
  rig.transport.let_go();
  if (away != nobody) return_worker(rig, away);
  settle(rig);
  rig.settle();
  for (std::size_t i = 0; i < client_count; ++i) {
    compare(i);
    CHECK(expected[i].empty());
  }
  CHECK(losses > 0);
  rig.coordinator.put_clock_forward(std::chrono::seconds(1));
  model.expire(rig.coordinator.order_time());
  CHECK(ask(rig, *clients[0], "DBSIZE") == ":" + std::to_string(model.size()) + "\r\n");
  for (std::size_t i = 0; i < Model::keys(); ++i) {
    const std::string key = "k" + std::to_string(i);
    REQUIRE(ask(rig, *clients[0], "GET " + key) == model.get(key));
  }
}
