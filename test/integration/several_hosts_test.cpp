#include "integration/several_hosts/job.hpp"
#include "integration/several_hosts/writer.hpp"
#include "support/processes.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <csignal>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

// A server on several machines that lose their way to each other. Run by several_hosts/network.sh,
// which makes the machines.

namespace pkv::test {
namespace {

using namespace std::chrono_literals;

constexpr auto patience = 20s;
constexpr int six_workers = 6;

bool await_writes(const Writer& writer, std::uint64_t more) {
  const std::uint64_t enough = writer.acknowledged() + more;
  return wait_until([&] { return writer.acknowledged() >= enough || !writer.error().empty(); },
                    patience);
}

/// Keys of which both replicas are on one machine, or of which there is only one.
std::vector<std::string> keys_on_one_host(const Job& job) {
  const auto nodes = job.nodes();
  std::vector<std::string> found;
  for (std::size_t i = 0; i < Writer::key_count; ++i) {
    const std::string key = Writer::key(i);
    std::set<std::string> hosts;
    for (const int holder : job.holders(key))
      hosts.insert(nodes.at(holder).host);
    if (hosts.size() < 2) found.push_back(key);
  }
  return found;
}

std::map<int, int> epochs(const Job& job) {
  std::map<int, int> epochs;
  for (const auto& [id, node] : job.nodes())
    epochs[id] = node.epoch;
  return epochs;
}

void check_unharmed(Writer& writer) {
  CHECK(await_writes(writer, 100));
  CHECK(writer.lost() == std::vector<std::string>{});
  CHECK(writer.error() == "");
}

void check_end(Job& job) {
  CHECK(job.stop() == 0);
  CHECK(wait_until([] { return processes_of_jobs().empty(); }, patience));
}

TEST_CASE("Several hosts: replicas are on different ones, and one may be replaced",
          "[server][several_hosts]") {
  Job job(1 + six_workers);
  Writer writer(job);
  REQUIRE(await_writes(writer, 500));
  const auto nodes = job.nodes();
  std::map<std::string, int> per_host;
  for (const auto& [id, node] : nodes)
    ++per_host[node.host];
  CHECK(per_host == std::map<std::string, int>{{"host1", 2}, {"host2", 2}, {"host3", 2}});
  CHECK(keys_on_one_host(job).empty());

  const int victim = 2;
  REQUIRE(nodes.at(victim).host != "host1");
  kill(nodes.at(victim).process, SIGKILL);
  CHECK(wait_until([&] { return epochs(job).at(victim) == 2; }, patience));
  CHECK(job.await_all_up(six_workers));
  CHECK(keys_on_one_host(job).empty());
  INFO(job.log());
  check_unharmed(writer);
  check_end(job);
}

TEST_CASE("Several hosts: a way that is cut for a moment is nothing but a pause",
          "[server][several_hosts]") {
  // A machine whose own cable was out tries to send again only after half a second.
  const bool own_cable = GENERATE(false, true);
  CAPTURE(own_cable);
  Job job(1 + six_workers, {"--heartbeat-limit", own_cable ? "1500" : "800"});
  Writer writer(job);
  REQUIRE(await_writes(writer, 500));
  for (const char* host : {"host2", "host3"}) {
    own_cable ? cut(host) : drop_frames(host);
    std::this_thread::sleep_for(300ms);
    own_cable ? mend(host) : pass_frames(host);
    CHECK(await_writes(writer, 500));
  }
  INFO(job.log());
  for (const auto& [id, epoch] : epochs(job))
    CHECK(epoch == 1);
  CHECK(job.log().find("is lost") == std::string::npos);
  check_unharmed(writer);
  check_end(job);
}

TEST_CASE("Several hosts: workers that were out of reach are replaced when they are back",
          "[server][several_hosts]") {
  Job job(1 + six_workers);
  Writer writer(job);
  REQUIRE(await_writes(writer, 500));
  const auto before = job.nodes();
  cut("host3");
  std::this_thread::sleep_for(5s);
  CHECK(await_writes(writer, 100));
  const auto meanwhile = job.nodes();
  mend("host3");
  CHECK(wait_until([&] { return epochs(job).at(2) == 2 && epochs(job).at(5) == 2; }, patience));
  CHECK(job.await_all_up(six_workers));
  INFO(job.log());
  for (const auto& [id, node] : job.nodes()) {
    CAPTURE(id);
    const bool was_cut = before.at(id).host == "host3";
    CHECK(meanwhile.at(id).state == (was_cut ? "down" : "up"));
    CHECK(node.epoch == (was_cut ? 2 : 1));
    CHECK(is_running(before.at(id).process) != was_cut);
  }
  CHECK(keys_on_one_host(job).empty());
  check_unharmed(writer);
  CHECK(writer.longest_pause() < 3s);
  check_end(job);
}

TEST_CASE("Several hosts: a spare node takes the place of one that is out of reach",
          "[server][several_hosts]") {
  // The spare is rank 6, on host1.
  Job job(1 + 5 + 1, {"--spares", "1"});
  Writer writer(job);
  REQUIRE(await_writes(writer, 500));
  CHECK(keys_on_one_host(job).empty());
  cut("host3");
  CHECK(wait_until([&] { return job.log().find("takes the place of") != std::string::npos; },
                   patience));
  const auto replaced = [&] {
    int count = 0;
    for (const auto& [id, node] : job.nodes())
      count += node.rank == 6 && id != 6 && node.state == "up" ? 1 : 0;
    return count == 1;
  };
  CHECK(wait_until(replaced, patience));
  mend("host3");
  CHECK(job.await_all_up(5));
  INFO(job.log());
  CHECK(replaced());
  CHECK(keys_on_one_host(job).empty());
  check_unharmed(writer);
  check_end(job);
}

TEST_CASE("Several hosts: the service goes on without one of them, and ends without it",
          "[server][several_hosts]") {
  Job job(1 + six_workers, {"--orphan-limit", "3000"});
  Writer writer(job);
  REQUIRE(await_writes(writer, 500));
  cut("host2");
  CHECK(wait_until(
      [&] {
        const auto nodes = job.nodes();
        return nodes.at(1).state == "down" && nodes.at(4).state == "down";
      },
      patience));
  INFO(job.log());
  check_unharmed(writer);
  // The lost host's processes end by themselves, as nobody can tell them.
  check_end(job);
}

}  // namespace
}  // namespace pkv::test
