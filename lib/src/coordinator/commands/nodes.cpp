#include "coordinator/commands/every_node.hpp"
#include "coordinator/commands/fields.hpp"
#include "coordinator/commands/handlers.hpp"
#include "wire/node_statistics.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

double microseconds(LatencyHistogram::Duration duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

// Taken before the command itself asks the nodes, whose answers come one after the other.
std::vector<std::uint64_t> requests_so_far(Coordinator& coordinator) {
  std::vector<std::uint64_t> requests;
  for (const Statistics::Node& node : coordinator.statistics().node)
    requests.push_back(node.requests);
  return requests;
}

Reply describe(Service& service, std::size_t worker, std::uint64_t requests,
               const std::string& answer) {
  Coordinator& coordinator = service.coordinator;
  const Cluster& cluster = service.cluster;
  const auto index = static_cast<WorkerIndex>(worker);
  const ServerNode& node = coordinator.nodes()[worker];
  const auto reported = wire::read_statistics(answer).value_or(wire::NodeStatistics{});
  const Statistics::Node& measured = coordinator.statistics().node[worker];
  Fields fields;
  fields.add("id", to_number(node.id));
  fields.add("rank", node.rank);
  fields.add("host", node.host);
  fields.add("pid", node.process_id);
  fields.add("state", to_text(cluster.state(worker)));
  fields.add("epoch", coordinator.epoch(worker));
  fields.add("deaths", cluster.deaths(worker));
  fields.add("keys", reported.keys);
  fields.add("bytes", reported.stored_bytes);
  fields.add("resident_bytes", reported.resident_bytes);
  fields.add("requests", requests);
  fields.add("failures", measured.failures);
  fields.add("share", coordinator.ring().share(node.id));
  fields.add("held", coordinator.placement().held_share(index));
  const auto copied = coordinator.transfers().progress(index);
  fields.add("copied", copied ? copied->share : 1.0);
  fields.add("copied_keys", copied ? copied->keys : 0);
  fields.add("copied_bytes", copied ? copied->bytes : 0);
  fields.add("mean_us", microseconds(measured.operation_times.mean()));
  fields.add("p50_us", microseconds(measured.operation_times.percentile(50)));
  fields.add("p99_us", microseconds(measured.operation_times.percentile(99)));
  fields.add("max_us", microseconds(measured.operation_times.largest()));
  return std::move(fields).take();
}

}  // namespace

Outcome nodes(Conversation& client, Words) {
  Service& service = client.service();
  Coordinator& coordinator = service.coordinator;
  auto compose =
      [&service, requests = requests_so_far(coordinator)](const std::vector<std::string>& answers) {
        std::vector<Reply> described;
        for (std::size_t worker = 0; worker < answers.size(); ++worker)
          described.push_back(describe(service, worker, requests[worker], answers[worker]));
        return Reply::array(std::move(described));
      };
  wire::Operation operation;
  operation.opcode = wire::Opcode::statistics;
  const auto operations = at_every_node(service, operation);
  const std::size_t nodes = coordinator.worker_count();
  auto gather = std::make_unique<GatherNodes>(nodes, operations.size(), std::move(compose));
  return client.forward_to_nodes(operations, std::move(gather));
}

}  // namespace pkv::commands
