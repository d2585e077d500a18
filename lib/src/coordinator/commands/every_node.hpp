#pragma once

#include "coordinator/conversation.hpp"
#include "coordinator/service.hpp"
#include "wire/operation.hpp"

#include <vector>

namespace pkv::commands {

/// The same operation for every node that is there.
[[nodiscard]] inline std::vector<NodeOperation> at_every_node(const Service& service,
                                                              const wire::Operation& operation) {
  std::vector<NodeOperation> operations;
  for (const std::size_t worker : service.cluster.workers())
    operations.push_back({worker, operation});
  return operations;
}

}  // namespace pkv::commands
