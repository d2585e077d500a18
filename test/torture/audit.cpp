#include "torture/audit.hpp"

#include "support/connection.hpp"
#include "torture/cluster.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace pkv::torture {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 60s;
constexpr std::size_t reads_of_each = 8;
constexpr std::size_t most_explained = 3;
constexpr std::uint32_t auditor = 1'000'000;  // as a client

void wait_for_all_nodes(std::uint16_t port, RunReport& report) {
  Cluster cluster(port);
  if (!cluster.nodes()) return;  // a server of another kind
  const auto are_up = [](const Cluster::Nodes& nodes) { return count_up(nodes) == nodes.size(); };
  if (!cluster.wait_until(are_up, patience))
    report.failures.push_back("not all nodes were up at the end");
}

void read_all(std::uint16_t port, const std::vector<Subject>& subjects,
              std::vector<History>& histories, RunReport& report) {
  test::Connection connection(port);
  const Workload workload(subjects, 0, auditor);
  for (std::size_t subject = 0; subject < subjects.size(); ++subject) {
    std::string bytes;
    std::vector<Request> requests;
    while (requests.size() < reads_of_each)
      requests.push_back(workload.read(subject, bytes));
    const Clock::time_point invoked = Clock::now();
    connection.send(bytes);
    for (Request& request : requests) {
      const Reply reply = connection.receive();
      request.operation.invoked = invoked;
      request.operation.answered = Clock::now();
      std::optional<std::string> fault;
      if (reply.is_error()) {
        fault = std::string(reply.text());
      } else {
        fault = read_answer(subjects[subject], request, reply);
      }
      if (fault) {
        report.failures.push_back("at the end, " + subjects[subject].keys.front() + ": " + *fault);
        break;
      }
      histories[subject].push_back(request.operation);
    }
  }
}

/// Without the checker's cleverness: as many increments as were acknowledged, or a few more whose
/// answers are missing.
void count_up_to(const Subject& subject, const History& history, RunReport& report) {
  std::uint64_t acknowledged = 0, unknown = 0;
  for (const Operation& operation : history) {
    if (operation.action != Action::increment) continue;
    ++(operation.outcome == Outcome::ok ? acknowledged : unknown);
  }
  if (history.empty() || history.back().client != auditor) return;  // it could not be read
  const std::uint64_t sum = history.back().result.content;
  if (sum >= acknowledged && sum <= acknowledged + unknown) return;
  report.failures.push_back(subject.keys.front() + " is " + std::to_string(sum) + " after " +
                            std::to_string(acknowledged) + " acknowledged increments");
}

}  // namespace

void erase_all(std::uint16_t port, const std::vector<Subject>& subjects) {
  test::Connection connection(port);
  for (const Subject& subject : subjects)
    for (const std::string& key : subject.keys)
      if (const Reply reply = connection.ask("DEL", key); reply.is_error())
        throw std::runtime_error("the server cannot erase keys: " + std::string(reply.text()));
}

void audit(std::uint16_t port, const std::vector<Subject>& subjects,
           std::vector<History>& histories, RunReport& report) {
  try {
    wait_for_all_nodes(port, report);
    read_all(port, subjects, histories, report);
  } catch (const std::exception& error) {
    report.failures.push_back(std::string("the keys could not be read at the end: ") +
                              error.what());
  }
  for (std::size_t i = 0; i < subjects.size(); ++i)
    if (subjects[i].use == Use::counted) count_up_to(subjects[i], histories[i], report);
}

void check_all(const std::vector<Subject>& subjects, const std::vector<History>& histories,
               Clock::time_point beginning, RunReport& report) {
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  std::size_t bad = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < histories.size(); i = next++) {
      const Verdict verdict = check(histories[i]);
      const bool is_good = verdict.judgement == Judgement::linearizable;
      const std::string text = is_good ? "" : explain(histories[i], verdict, beginning);
      const std::lock_guard lock(mutex);
      report.steps += verdict.steps;
      report.linearizable += is_good;
      if (is_good || ++bad > most_explained) continue;
      report.failures.push_back(subjects[i].keys.front() + ": " + text);
    }
  };
  {
    std::vector<std::jthread> threads(std::max(1U, std::thread::hardware_concurrency()));
    for (std::jthread& thread : threads)
      thread = std::jthread(work);
  }
  if (bad > most_explained)
    report.failures.push_back("and " + std::to_string(bad - most_explained) +
                              " more keys whose histories cannot be explained");
}

}  // namespace pkv::torture
