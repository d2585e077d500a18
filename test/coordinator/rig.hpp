#pragma once

#include "coordinator/conversation.hpp"
#include "coordinator/coordinator.hpp"
#include "coordinator/service.hpp"
#include "support/faulty_transport.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pkv::test {

inline std::vector<NodeId> node_ids(std::size_t count) {
  std::vector<NodeId> ids;
  for (std::size_t i = 0; i < count; ++i)
    ids.push_back(NodeId{static_cast<std::uint32_t>(i + 1)});
  return ids;
}

/// A coordinator over in-process stores, whose turns the test makes.
struct Rig {
  explicit Rig(std::size_t nodes = 3, const Limits& the_limits = {}, std::size_t replicas = 1,
               std::size_t spares = 0, Cluster::Processes processes = {},
               std::size_t max_memory = 0)
      : limits(the_limits),
        transport(node_ids(nodes), limits),
        coordinator(Ring(ring_nodes(nodes - spares)), server_nodes(nodes), transport,
                    settings(limits, replicas, max_memory), {}),
        cluster(coordinator, std::move(processes), {}),
        service(coordinator, cluster, limits, {}, "127.0.0.1") {
    coordinator.schedule_turns_with([this] { ++turns_asked_for; });
  }

  /// One turn of the event loop.
  void turn() {
    coordinator.update_clock();
    service.step();
    coordinator.end_turn();
    service.tell_owners();
    coordinator.collect();
    cluster.step();
    service.tell_owners();
  }
  /// Turns until nothing is under way. Requires: the transport answers by itself.
  void settle() {
    do {
      turn();
    } while (!coordinator.idle());
    turn();
  }
  /// The first worker that holds the key.
  [[nodiscard]] std::size_t worker_of(const std::string& key) const {
    return holders_of(key).front();
  }
  [[nodiscard]] WorkerList holders_of(const std::string& key) const {
    wire::Operation operation;
    operation.key = key;
    return coordinator.way_of(operation).route->holders();
  }
  /// A key, different for each number, that the worker owns.
  [[nodiscard]] std::string key_of(std::size_t worker, std::size_t number = 0) const {
    for (std::size_t i = 0;; ++i) {
      std::string key = "key" + std::to_string(i);
      if (worker_of(key) == worker && number-- == 0) return key;
    }
  }

  Limits limits;
  FaultyTransport transport;
  Coordinator coordinator;
  Cluster cluster;
  Service service;
  int turns_asked_for = 0;

 private:
  static Coordinator::Settings settings(const Limits& limits, std::size_t replicas,
                                        std::size_t max_memory) {
    Coordinator::Settings settings{limits.max_worker_queue_bytes, limits.reply_timeout};
    settings.replicas = replicas;
    settings.max_memory = max_memory;
    return settings;
  }
  static std::vector<RingNode> ring_nodes(std::size_t count) {
    std::vector<RingNode> nodes;
    for (const NodeId id : node_ids(count))
      nodes.push_back({id, 1.0, {}});
    return nodes;
  }
  static std::vector<ServerNode> server_nodes(std::size_t count) {
    std::vector<ServerNode> nodes(count);
    for (std::size_t i = 0; i < count; ++i)
      nodes[i].id = node_ids(count)[i];
    return nodes;
  }
};

/// Kills the worker's process, and tells.
inline void lose(Rig& rig, std::size_t worker) {
  rig.transport.kill(worker);
  rig.cluster.worker_lost({worker, rig.coordinator.epoch(worker), "killed by the test"});
}

/// Another process takes its place.
inline void return_worker(Rig& rig, std::size_t worker) {
  WorkerReady ready;
  ready.worker = worker;
  ready.epoch = rig.coordinator.epoch(worker) + 1;
  rig.cluster.worker_ready(ready);
}

/// Lets a worker run and answer all that it has been sent.
inline void answer(Rig& rig, std::size_t worker) {
  while (rig.transport.run(worker)) {
  }
  while (rig.transport.deliver(worker)) {
  }
}

/// What a session is to a conversation, with strings in the place of the socket.
class TestClient final : public ConversationOwner {
 public:
  explicit TestClient(Rig& rig, std::uint64_t id = 1) : conversation(rig.service, *this, id) {}

  /// Gives the bytes to the conversation and lets it do what it can.
  Conversation::Progress send(std::string_view bytes) {
    give(bytes);
    return go_on();
  }
  /// Gives the bytes without a chance to do anything yet.
  void give(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::span<char> room = conversation.input().prepare();
      const std::size_t count = std::min(room.size(), bytes.size());
      std::memcpy(room.data(), bytes.data(), count);
      conversation.input().commit(count);
      bytes.remove_prefix(count);
    }
  }
  Conversation::Progress go_on() {
    do {
      progress = conversation.consume();
      read();
    } while (progress == Conversation::Progress::paused && conversation.ready_to_continue());
    return progress;
  }
  /// Takes the output there is.
  void read() {
    if (!reads) return;
    std::vector<std::string_view> views(3);
    while (const std::size_t count = conversation.output().gather(views)) {
      std::size_t bytes = 0;
      for (std::size_t i = 0; i < count; ++i) {
        received.append(views[i]);
        bytes += views[i].size();
      }
      conversation.output().consume(bytes);
    }
  }
  /// What has been received since the last call.
  std::string take() { return std::exchange(received, {}); }

  void on_activity() override {
    read();
    if (progress == Conversation::Progress::paused && conversation.ready_to_continue()) go_on();
  }

  Conversation conversation;
  Conversation::Progress progress = Conversation::Progress::need_input;
  bool reads = true;
  std::string received;
};

/// Writes values of 900 bytes to one key of the worker, which it returns, until there is no room
/// for more. Requires: the transport does not answer by itself, and the limit is low.
inline std::string fill_queue(Rig& rig, TestClient& client, std::size_t worker) {
  std::string key = rig.key_of(worker);
  while (rig.coordinator.has_room(worker)) {
    client.send("SET " + key + " " + std::string(900, 'v') + "\r\n");
    rig.turn();
  }
  return key;
}

/// A command as an array of bulks.
inline std::string encoded(const std::vector<std::string>& words) {
  std::string bytes = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words)
    bytes += "$" + std::to_string(word.size()) + "\r\n" + word + "\r\n";
  return bytes;
}

inline std::string bulk(const std::string& value) {
  return "$" + std::to_string(value.size()) + "\r\n" + value + "\r\n";
}

/// What the client is answered to a command in one line.
inline std::string ask(Rig& rig, TestClient& client, const std::string& command) {
  client.send(command + "\r\n");
  rig.settle();
  return client.take();
}

/// The same for a command whose words may hold any bytes.
inline std::string ask_words(Rig& rig, TestClient& client, const std::vector<std::string>& words) {
  client.send(encoded(words));
  rig.settle();
  return client.take();
}

}  // namespace pkv::test
