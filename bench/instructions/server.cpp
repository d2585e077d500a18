#include "instructions/server.hpp"

#include "instructions/workload.hpp"

#include <cstring>
#include <stdexcept>
#include <utility>

namespace pkv::instructions {
namespace {

std::vector<NodeId> node_ids(std::size_t count) {
  std::vector<NodeId> ids;
  for (std::uint32_t id = 1; id <= count; ++id)
    ids.push_back(NodeId{id});
  return ids;
}

Ring ring_of(std::size_t count) {
  std::vector<RingNode> nodes;
  for (const NodeId id : node_ids(count))
    nodes.push_back({.id = id});
  return Ring(std::move(nodes));
}

std::vector<ServerNode> server_nodes(std::size_t count) {
  std::vector<ServerNode> nodes;
  for (const NodeId id : node_ids(count)) {
    ServerNode node;
    node.id = id;
    nodes.push_back(std::move(node));
  }
  return nodes;
}

}  // namespace

void Client::receive(std::string_view bytes) {
  const std::span<char> room = conversation_.input().prepare();
  if (room.size() < bytes.size()) throw std::logic_error("more than one read brings at once");
  std::memcpy(room.data(), bytes.data(), bytes.size());
  received_bytes_ = bytes.size();
}

void Client::execute() {
  conversation_.input().commit(std::exchange(received_bytes_, 0));
  if (conversation_.consume() != Conversation::Progress::need_input)
    throw std::logic_error("a client's commands were not all taken");
}

void Client::on_activity() {
  while (const std::size_t count = conversation_.output().gather(views_)) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < count; ++i)
      bytes += views_[i].size();
    conversation_.output().consume(bytes);
    sent_bytes_ += bytes;
  }
}

Server::Server(std::size_t workers, std::size_t clients)
    : transport_(node_ids(workers), {}),
      coordinator_(ring_of(workers), server_nodes(workers), transport_,
                   {limits_.max_worker_queue_bytes, limits_.reply_timeout}, {}),
      cluster_(coordinator_, {}, {}),
      service_(coordinator_, cluster_, limits_, {}, "127.0.0.1") {
  for (std::size_t id = 1; id <= clients; ++id)
    clients_.push_back(std::make_unique<Client>(service_, id));
}

Server::~Server() = default;

void Server::fill() {
  constexpr std::size_t keys_per_round = 16;
  for (std::size_t key = 0; key < key_count;) {
    std::vector<std::string> input(clients_.size());
    for (std::string& requests : input) {
      for (std::size_t i = 0; i < keys_per_round && key < key_count; ++i)
        append_request(requests, Kind::set, key++);
    }
    round(input);
  }
}

void Server::round(std::span<const std::string> input) {
  for (std::size_t i = 0; i < input.size(); ++i)
    clients_[i]->receive(input[i]);
  order_commands();
  seal_requests();
  run_batches();
  check_replies();
  answer_clients();
  if (!coordinator_.idle()) throw std::logic_error("a round left something under way");
}

std::size_t Server::sent_bytes() const noexcept {
  std::size_t bytes = 0;
  for (const auto& client : clients_)
    bytes += client->sent_bytes();
  return bytes;
}

void Server::order_commands() {
  for (const auto& client : clients_) {
    coordinator_.update_clock();
    client->execute();
  }
  coordinator_.end_turn();
  service_.tell_owners();
}

void Server::seal_requests() {
  transport_.seal_requests();
}

void Server::run_batches() {
  transport_.run_requests();
}

void Server::check_replies() {
  transport_.check_replies();
}

void Server::answer_clients() {
  coordinator_.update_clock();
  coordinator_.collect();
  service_.tell_owners();
}

}  // namespace pkv::instructions
