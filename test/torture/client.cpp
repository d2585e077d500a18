#include "torture/client.hpp"

#include <algorithm>
#include <exception>
#include <thread>
#include <utility>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_faults_named = 5;
constexpr auto pause_before_connecting_again = 50ms;
/// A client that could not send for so long forgets what it is behind with.
constexpr auto most_behind = 1s;

}  // namespace

void ClientReport::add_fault(std::string text) {
  ++fault_count;
  if (faults.size() < most_faults_named) faults.push_back(std::move(text));
}

Client::Client(const std::vector<Subject>& subjects, const Settings& settings)
    : subjects_(subjects),
      settings_(settings),
      workload_(subjects, settings.seed, settings.number) {}

void Client::run(const std::atomic<bool>& stop) {
  std::vector<Request> requests;
  std::string bytes;
  Clock::time_point due = Clock::now();
  while (!stop) {
    requests.clear();
    bytes.clear();
    const std::size_t count = workload_.below(2) == 0 ? 1 : 1 + workload_.below(settings_.pipeline);
    while (requests.size() < count)
      requests.push_back(workload_.next(bytes));
    send_and_receive(requests, bytes);
    const auto pause = settings_.pause_per_command * (2 * count);
    due += std::chrono::duration_cast<Clock::duration>(pause * workload_.below(1000) / 1000);
    due = std::max(due, Clock::now() - most_behind);
    std::this_thread::sleep_until(due);
  }
}

void Client::send_and_receive(std::vector<Request>& requests, const std::string& bytes) {
  std::size_t answered = 0;
  bool is_sent = false;
  try {
    if (!connection_) connection_.emplace(settings_.port);
    const Clock::time_point now = Clock::now();
    for (Request& request : requests)
      request.operation.invoked = now;
    waiting_since_ = now.time_since_epoch().count();
    is_sent = true;
    connection_->send(bytes);
    for (Request& request : requests) {
      const Reply reply = connection_->receive();
      note_wait();
      take(request, reply);
      ++answered;
    }
  } catch (const std::exception& error) {
    connection_.reset();
    ++report_.lost_connections;
    report_.add_fault(std::string("lost its connection: ") + error.what());
    for (std::size_t i = answered; is_sent && i < requests.size(); ++i)
      record(requests[i], Outcome::unknown);
    std::this_thread::sleep_for(pause_before_connecting_again);
  }
  waiting_since_ = 0;
}

void Client::take(Request& request, const Reply& reply) {
  request.operation.answered = Clock::now();
  ++answers_;
  const std::string name(request_names[static_cast<std::size_t>(request.kind)]);
  if (reply.is_error()) {
    // Some say that nothing has happened; to be careful no error is relied upon.
    report_.add_fault(name + " failed: " + std::string(reply.text()));
    record(request, Outcome::unknown);
    return;
  }
  if (std::optional<std::string> fault = read_answer(subjects_[request.subject], request, reply)) {
    report_.add_fault(name + " was answered with what cannot be: " + *fault);
    record(request, Outcome::unknown);
    return;
  }
  record(request, Outcome::ok);
}

void Client::record(Request& request, Outcome outcome) {
  request.operation.outcome = outcome;
  const auto kind = static_cast<std::size_t>(request.kind);
  ++(outcome == Outcome::ok ? report_.ok : report_.unknown)[kind];
  report_.records.push_back({request.subject, request.operation});
}

void Client::note_wait() {
  const Clock::rep now = Clock::now().time_since_epoch().count();
  const Clock::rep waited = now - waiting_since_.exchange(now);
  if (waited > longest_wait_) longest_wait_ = waited;
}

Clock::duration Client::take_longest_wait() {
  const Clock::rep since = waiting_since_;
  const Clock::rep longest = longest_wait_.exchange(0);
  const Clock::rep present = since == 0 ? 0 : Clock::now().time_since_epoch().count() - since;
  return Clock::duration(std::max(longest, present));
}

}  // namespace pkv::torture
