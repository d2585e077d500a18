#pragma once

#include "support/connection.hpp"
#include "torture/workload.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pkv::torture {

/// An operation and the index of its subject.
struct Record {
  std::size_t subject;
  Operation operation;
};

/// What a client has to say at the end.
struct ClientReport {
  std::vector<Record> records;
  /// By RequestKind.
  std::array<std::size_t, request_names.size()> ok{};
  std::array<std::size_t, request_names.size()> unknown{};
  std::size_t lost_connections = 0;
  /// What must not happen, in words; the first few.
  std::vector<std::string> faults;
  std::size_t fault_count = 0;

  void add_fault(std::string text);
};

/// One client: sends a few commands, waits for all answers, and so on, no faster than it is told
/// to. If it loses its connection it makes another one.
///
/// Thread safety: run() on one thread; take_longest_wait(), answers() from any.
/// Lifetime: the subjects must outlive it.
class Client {
 public:
  struct Settings {
    std::uint16_t port = 0;
    std::uint64_t seed = 0;
    std::uint32_t number = 0;
    std::size_t pipeline = 1;
    std::chrono::duration<double> pause_per_command{};
  };

  Client(const std::vector<Subject>& subjects, const Settings& settings);

  /// Works until `stop` is set and all that was sent is answered.
  void run(const std::atomic<bool>& stop);

  [[nodiscard]] const ClientReport& report() const noexcept { return report_; }
  [[nodiscard]] std::size_t answers() const noexcept { return answers_; }

  /// The longest time it has waited for an answer since the last call, the present one included.
  [[nodiscard]] Clock::duration take_longest_wait();

 private:
  void send_and_receive(std::vector<Request>& requests, const std::string& bytes);
  void take(Request& request, const Reply& reply);
  void record(Request& request, Outcome outcome);
  void note_wait();

  const std::vector<Subject>& subjects_;
  Settings settings_;
  Workload workload_;
  std::optional<test::Connection> connection_;
  ClientReport report_;
  std::atomic<std::size_t> answers_{0};
  // Both in ticks of the clock; 0: waits for nothing.
  std::atomic<Clock::rep> waiting_since_{0};
  std::atomic<Clock::rep> longest_wait_{0};
};

}  // namespace pkv::torture
