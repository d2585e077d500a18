#pragma once

#include "pkv/limits.hpp"
#include "pkv/node_id.hpp"

#include "wire/transport.hpp"
#include "worker/loopback_transport.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace pkv::test {

/// How a worker's answer can be wrong.
enum class Damage {
  too_few_replies,   ///< The last one is missing.
  too_many_replies,  ///< There is one more than was asked for.
  wrong_count,       ///< The header announces one more than there are.
  truncated_body,    ///< A byte is missing at the end.
};

/// A transport to in-process stores on which a test can make things go late or wrong.
///
/// It passes everything on at once until by_hand() is called. From then on requests run and replies
/// arrive only when the test says so, worker by worker; what belongs to one worker keeps its order,
/// as MPI promises, and nothing else is promised.
///
///     requests(w): sent, not run --run(w)--> replies(w): run, not arrived --deliver(w)-->
///     collect()
///
/// A worker's process dies by kill(): it runs nothing any more, what it has answered but was not
/// delivered is lost, and nobody is told. Then the coordinator finds out and calls disconnect(), or
/// the transport finds out: notice_loss(). What reconnect() brings back has an empty store.
///
/// Thread safety: none.
class FaultyTransport final : public wire::Transport {
 public:
  explicit FaultyTransport(const std::vector<NodeId>& nodes, const Limits& limits = {});

  void by_hand() { by_hand_ = true; }
  /// Passes on what was held back, and everything from here on.
  void let_go();

  /// The worker runs its oldest request. Returns false if there is none.
  bool run(std::size_t worker);
  /// The oldest frame of replies arrives. Returns false if there is none.
  bool deliver(std::size_t worker);
  /// Runs or delivers one thing, chosen at random. Returns false if there is nothing.
  bool step(std::mt19937_64& random);

  /// The worker never answers its oldest request, which has not run.
  void lose_request(std::size_t worker);
  /// What the oldest request was answered with is lost, and a failure arrives in its place.
  void fail_reply(std::size_t worker, errc error);
  /// The next frame of replies to be delivered is wrong.
  void damage_reply(std::size_t worker, Damage damage);

  /// The worker's process dies unnoticed.
  void kill(std::size_t worker);
  /// The transport notices that the worker's process is dead, and tells.
  void notice_loss(std::size_t worker);

  /// What the worker has stored, by what it has run so far. Requires: is_connected().
  [[nodiscard]] KVStore& store(std::size_t worker) noexcept { return inner_.store(worker); }

  /// Whether take_buffer() finds no memory.
  void set_out_of_memory(bool out) { out_of_memory_ = out; }

  void set_least_following_bytes(std::size_t bytes) { least_following_bytes_ = bytes; }

  [[nodiscard]] std::size_t requests(std::size_t worker) const {
    return workers_[worker].requests.size();
  }
  [[nodiscard]] std::size_t replies(std::size_t worker) const {
    return workers_[worker].replies.size();
  }
  /// The oldest request that has not run. Requires: there is one.
  [[nodiscard]] const wire::Frame& request(std::size_t worker) const {
    return workers_[worker].requests.front();
  }
  /// Operations in each request that was sent to the worker.
  [[nodiscard]] const std::vector<std::uint32_t>& sent_counts(std::size_t worker) const {
    return workers_[worker].sent_counts;
  }
  /// Whether the coordinator has used free slots only, each in its turn.
  [[nodiscard]] bool slots_were_used_in_turn() const noexcept { return slots_in_turn_; }
  /// Whether the worker is neither killed nor lost.
  [[nodiscard]] bool is_connected(std::size_t worker) const {
    return workers_[worker].state == State::alive;
  }
  /// The incarnation that the worker was connected to last, and where that was said to be.
  [[nodiscard]] std::uint32_t epoch(std::size_t worker) const { return workers_[worker].epoch; }
  [[nodiscard]] const std::string& address(std::size_t worker) const {
    return workers_[worker].address;
  }

  // wire::Transport
  [[nodiscard]] std::size_t worker_count() const noexcept override { return workers_.size(); }
  [[nodiscard]] std::uint32_t slots_per_worker() const noexcept override {
    return inner_.slots_per_worker();
  }
  [[nodiscard]] std::size_t preferred_frame_bytes() const noexcept override {
    return inner_.preferred_frame_bytes();
  }
  [[nodiscard]] std::size_t least_following_bytes() const noexcept override {
    return least_following_bytes_;
  }
  void send(std::size_t worker, wire::Frame frame) override;
  void disconnect(std::size_t worker) override;
  void reconnect(std::size_t worker, std::uint32_t epoch, std::string address) override;
  void flush() override;
  void notify_with(std::function<void()> notify) override { notify_ = std::move(notify); }
  void collect(std::vector<wire::Arrival>& arrivals) override;
  [[nodiscard]] ByteBuffer take_buffer() override;
  void recycle(ByteBuffer buffer) noexcept override { inner_.recycle(std::move(buffer)); }

 private:
  enum class State { alive, killed, lost };

  struct Worker {
    State state = State::alive;
    std::uint32_t epoch = 1;
    std::string address;
    std::deque<wire::Frame> requests;
    std::deque<wire::Frame> run;  // copies of requests whose last reply is not delivered
    std::deque<wire::Arrival> replies;
    std::vector<bool> busy_slots;
    std::uint32_t next_slot = 0;
    std::vector<std::uint32_t> sent_counts;
  };

  void lose(std::size_t worker);
  void arrive(wire::Arrival arrival);

  LoopbackTransport inner_;
  std::vector<Worker> workers_;
  std::vector<wire::Arrival> arrived_;
  std::vector<wire::Arrival> failed_;  // to arrive at the next flush()
  std::function<void()> notify_;
  bool by_hand_ = false;
  bool out_of_memory_ = false;
  std::size_t least_following_bytes_ = 0;
  bool slots_in_turn_ = true;
};

}  // namespace pkv::test
