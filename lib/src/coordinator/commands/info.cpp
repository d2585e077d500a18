#include "base/resident_memory.hpp"
#include "coordinator/commands/every_node.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/same_word.hpp"
#include "wire/node_statistics.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

using NodeReports = std::vector<wire::NodeStatistics>;

/// The text of INFO: sections of "name:value" lines, as Redis writes them, so that tools for it
/// work.
class InfoText {
 public:
  void section(const char* title) {
    if (!text_.empty()) text_ += "\r\n";
    text_ += std::string("# ") + title + "\r\n";
  }
  void line(const std::string& name, const std::string& value) {
    text_ += name + ":" + value + "\r\n";
  }
  void line(const std::string& name, std::uint64_t value) { line(name, std::to_string(value)); }

  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

std::string microseconds(LatencyHistogram::Duration duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(duration.count()) / 1000.0);
  return text;
}

void add_server(InfoText& info, const Service& service, const NodeReports&) {
  const auto uptime = service.coordinator.now() - service.started;
  info.section("Server");
  info.line("pkv_version", PKV_VERSION);
  info.line("redis_mode", "standalone");
  info.line("process_id", static_cast<std::uint64_t>(::getpid()));
  info.line("tcp_port", service.port);
  info.line("nodes", service.coordinator.worker_count());
  info.line("nodes_there", service.cluster.workers().size());
  info.line("replicas", service.coordinator.settings().replicas);
  info.line(
      "uptime_in_seconds",
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(uptime).count()));
}

void add_clients(InfoText& info, const Service& service, const NodeReports&) {
  info.section("Clients");
  info.line("connected_clients", service.clients);
  info.line("maxclients", service.limits.max_clients);
}

void add_memory(InfoText& info, const Service& service, const NodeReports& nodes) {
  std::uint64_t stored = 0;
  std::uint64_t resident = 0;
  for (const wire::NodeStatistics& node : nodes) {
    stored += node.stored_bytes;
    resident += node.resident_bytes;
  }
  info.section("Memory");
  info.line("used_memory", stored);
  info.line("used_memory_rss", resident);
  info.line("coordinator_memory_rss", resident_bytes());
  const MemoryShares& memory = service.coordinator.memory();
  info.line("maxmemory", memory.total());
  info.line("maxmemory_policy", "noeviction");
  for (std::size_t worker = 0; worker < nodes.size(); ++worker) {
    const std::string node =
        "node_" + std::to_string(to_number(service.coordinator.nodes()[worker].id));
    info.line("used_memory_" + node, nodes[worker].stored_bytes);
    if (memory.is_limited(worker)) info.line("maxmemory_" + node, memory.share(worker));
  }
}

void add_persistence(InfoText& info, const Service& service, const NodeReports&) {
  info.section("Persistence");
  info.line("engine", service.entries_last ? "sqlite" : "memory");
  if (!service.entries_last) return;
  info.line("durability", std::string(to_text(service.durability)));
  info.line("entries_rewritten_at_start", service.entries_rewritten);
  info.line("rewriting_ms_at_start", static_cast<std::uint64_t>(service.rewriting_time.count()));
  info.line("commands_completed_at_start", service.commands_completed);
}

void add_stats(InfoText& info, const Service& service, const NodeReports&) {
  const Statistics& statistics = service.coordinator.statistics();
  info.section("Stats");
  info.line("total_connections_received", statistics.connections_accepted);
  info.line("total_commands_processed", statistics.commands);
  info.line("total_net_input_bytes", statistics.bytes_received);
  info.line("total_net_output_bytes", statistics.bytes_sent);
  info.line("rejected_connections", statistics.connections_refused);
}

void add_command_stats(InfoText& info, const Service& service, const NodeReports&) {
  info.section("Commandstats");
  for (const CommandInfo& command : command_table()) {
    const LatencyHistogram& times =
        service.coordinator.statistics().command_times[static_cast<std::size_t>(command.kind)];
    if (times.count() == 0) continue;
    const auto total = std::chrono::duration_cast<std::chrono::microseconds>(times.total());
    info.line("cmdstat_" + std::string(command.name),
              "calls=" + std::to_string(times.count()) + ",usec=" + std::to_string(total.count()) +
                  ",usec_per_call=" + microseconds(times.mean()));
  }
}

void add_latency_stats(InfoText& info, const Service& service, const NodeReports&) {
  info.section("Latencystats");
  for (const CommandInfo& command : command_table()) {
    const LatencyHistogram& times =
        service.coordinator.statistics().command_times[static_cast<std::size_t>(command.kind)];
    if (times.count() == 0) continue;
    info.line("latency_percentiles_usec_" + std::string(command.name),
              "p50=" + microseconds(times.percentile(50)) +
                  ",p99=" + microseconds(times.percentile(99)) + ",p99.9=" +
                  microseconds(times.percentile(99.9)) + ",max=" + microseconds(times.largest()));
  }
}

void add_keyspace(InfoText& info, const Service& service, const NodeReports& nodes) {
  std::uint64_t keys = 0;
  std::uint64_t expiring = 0;
  for (const wire::NodeStatistics& node : nodes) {
    keys += node.keys;
    expiring += node.expiring_keys;
  }
  // While nodes are missing or being filled this is about right; DBSIZE counts exactly.
  const std::size_t degree = service.coordinator.placement().degree();
  const std::size_t copies = degree > 0 ? degree : service.coordinator.settings().replicas;
  keys /= copies;
  expiring /= copies;
  info.section("Keyspace");
  if (keys > 0)
    info.line("db0", "keys=" + std::to_string(keys) + ",expires=" + std::to_string(expiring) +
                         ",avg_ttl=0");
}

struct Section {
  const char* name;
  void (*add)(InfoText&, const Service&, const NodeReports&);
  bool by_default;
};

constexpr Section sections[] = {
    {"server", add_server, true},
    {"clients", add_clients, true},
    {"memory", add_memory, true},
    {"persistence", add_persistence, true},
    {"stats", add_stats, true},
    {"commandstats", add_command_stats, false},
    {"latencystats", add_latency_stats, false},
    {"keyspace", add_keyspace, true},
};

bool is_wanted(const Section& section, const std::vector<std::string>& names) {
  const auto named = [&](const char* word) {
    return std::any_of(names.begin(), names.end(),
                       [&](const std::string& name) { return same_word(name, word); });
  };
  return named(section.name) || named("all") || named("everything") ||
         (section.by_default && (names.empty() || named("default")));
}

}  // namespace

Outcome info(Conversation& client, Words words) {
  const Service& service = client.service();
  std::vector<std::string> names(words.begin() + 1, words.end());
  auto compose = [&service, names = std::move(names)](const std::vector<std::string>& answers) {
    NodeReports reports;
    for (const std::string& answer : answers)
      reports.push_back(wire::read_statistics(answer).value_or(wire::NodeStatistics{}));
    InfoText text;
    for (const Section& section : sections)
      if (is_wanted(section, names)) section.add(text, service, reports);
    return Reply::bulk(std::move(text).take());
  };
  wire::Operation operation;
  operation.opcode = wire::Opcode::statistics;
  const auto operations = at_every_node(service, operation);
  const std::size_t nodes = service.coordinator.worker_count();
  auto gather = std::make_unique<GatherNodes>(nodes, operations.size(), std::move(compose));
  return client.forward_to_nodes(operations, std::move(gather));
}

}  // namespace pkv::commands
