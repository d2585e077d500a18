#include "pkv/server.hpp"

#include "net/server/server_state.hpp"

#include <stdexcept>
#include <utility>

namespace pkv {
namespace {

std::vector<ServerNode> in_process_nodes(std::size_t count) {
  std::vector<ServerNode> nodes(count);
  for (std::size_t i = 0; i < count; ++i)
    nodes[i].id = NodeId{static_cast<std::uint32_t>(i + 1)};
  return nodes;
}

}  // namespace

Server::Server(boost::asio::io_context& io, ServerOptions options, wire::Transport& transport)
    : state_(std::make_shared<State>(io, std::move(options), transport)) {
  state_->start();
}

Server::Server(boost::asio::io_context& io, ServerOptions options, std::size_t nodes) {
  if (!options.nodes.empty())
    throw std::invalid_argument(
        "an in-process server makes its own nodes; options.nodes must be empty");
  if (nodes == 0) throw std::invalid_argument("a server needs at least one node");
  options.nodes = in_process_nodes(nodes);
  std::vector<NodeId> ids;
  for (const ServerNode& node : options.nodes)
    ids.push_back(node.id);
  auto transport = std::make_unique<LoopbackTransport>(ids, options.limits);
  state_ = std::make_shared<State>(io, std::move(options), std::move(transport));
  state_->start();
}

Server::~Server() {
  state_->close();
  state_->abandon_sessions();
}

std::uint16_t Server::port() const noexcept {
  return state_->endpoint().port();
}

std::string Server::endpoint() const {
  return to_text(state_->endpoint());
}

void Server::worker_ready(WorkerReady ready) {
  state_->worker_ready(std::move(ready));
}

bool Server::owes_answers(std::size_t worker) const noexcept {
  return state_->owes_answers(worker);
}

void Server::worker_lost(const WorkerLost& lost) {
  state_->worker_lost(lost);
}

void Server::even_out_copies(std::span<const std::size_t> least_trusted_first,
                             std::function<void()> done) {
  state_->even_out_copies(least_trusted_first, std::move(done));
}

bool Server::idle() const noexcept {
  return state_->idle();
}

void Server::stop(std::chrono::milliseconds patience, std::function<void()> stopped) {
  state_->stop(patience, std::move(stopped));
}

}  // namespace pkv
