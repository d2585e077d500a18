#pragma once

#include "pkv/durability.hpp"
#include "pkv/limits.hpp"
#include "pkv/log.hpp"
#include "pkv/node_id.hpp"
#include "pkv/ring_note.hpp"
#include "pkv/ring_types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pkv {

/// A node that a server sends commands to, as NODES shows it.
struct ServerNode {
  NodeId id{};
  double weight = 1.0;  ///< Its share of the keys, relative to the other nodes'.
  int rank = 0;         ///< MPI rank of the process that serves it; 0 in-process.
  std::string host;
  std::int64_t process_id = 0;
  std::uint32_t epoch = 1;  ///< Which process in its place this is, counted from 1.
  bool drained = false;     ///< It is not on the ring at first, though no spare one.
};

struct ServerOptions {
  /// An IPv4 or IPv6 address of this machine.
  std::string bind_address = "127.0.0.1";
  /// 0 takes any free port; Server::port() tells which.
  std::uint16_t port = 0;
  /// One per worker of the transport, in the transport's order.
  std::vector<ServerNode> nodes;
  /// So many of `nodes`, from the last, are not on the ring: they take the place of nodes that are
  /// lost for good, or are added by command.
  std::size_t spares = 0;
  RingOptions ring;
  /// Nodes that hold each key, 1 to 3; all of them if there are fewer.
  std::size_t replicas = 1;
  /// Most bytes per second that are copied to nodes that come or come back; 0: no limit.
  std::uint64_t copy_limit = 0;
  /// Most bytes that the entries of all nodes may take, with their copies and their index; 0: no
  /// limit. Each node has its weight's share. A command that could take a node beyond it is
  /// answered with errc::out_of_memory, and nothing of it happens. For nodes whose entries are in
  /// memory.
  std::size_t max_memory = 0;
  /// Ends the process of a worker, if it is still the one of this epoch, and sees to it that
  /// another one starts, if `workers_return`. Empty: lost workers do not come back.
  std::function<void(std::size_t worker, std::uint32_t epoch)> replace_worker;
  /// Whether another process follows one that was ended by replace_worker.
  bool workers_return = true;
  /// Kills the process of a worker, for NODE KILL. Empty: that command is refused.
  std::function<void(std::size_t worker)> kill_worker;
  /// Whether the nodes' entries outlive their processes, in files. Then without replicas a process
  /// that returns holds what the former one did.
  bool entries_last = false;
  /// What a write gets for which a client does not ask for more. Requires: entries_last, or none.
  Durability durability = Durability::none;
  /// Told that a node is lost, before anything is answered without it, and the place in the order
  /// at which that was; then that it holds all that it shall again, and nothing. In between its
  /// file must not be trusted. All up to `settled_until` has been done at every node. With replicas
  /// only. May be empty.
  std::function<void(std::size_t worker, std::optional<std::uint64_t> lost_at,
                     std::uint64_t settled_until)>
      note_whole;
  /// Told that workers which are not whole are to be noted as lost at other places in the order,
  /// all at once: the later of those that hold a key has all that was written to it. 0: what it has
  /// is not to be relied on. Before anything is answered that rests on it. May be empty.
  std::function<void(const std::map<std::size_t, std::uint64_t>& lost_at,
                     std::uint64_t settled_until)>
      note_trust;
  /// Told of every stage of a change of the ring where `entries_last`, before anything relies on
  /// it. Returns when it is noted for a later server, on the disk; false if it cannot be, and
  /// nothing is noted. May be empty.
  std::function<bool(const RingNote&)> note_ring;
  /// The nodes' files may have entries of other nodes, from a change that was not finished.
  bool has_leftovers = false;
  /// What had to be written anew before this start, as the files were of other nodes: INFO tells.
  std::uint64_t entries_rewritten = 0;
  std::chrono::milliseconds rewriting_time{0};
  /// How many commands had to be completed, as nodes had been killed in the middle of them.
  std::uint64_t commands_completed = 0;
  /// Folder that SAVE makes snapshots in, made if it is missing. Empty: it is refused.
  std::filesystem::path snapshot_folder;
  /// A snapshot that the store begins with; clients are served when it is there. Empty: none.
  std::filesystem::path restore_folder;
  /// Told when it is there, or why it cannot be; then nobody is served. May be empty.
  std::function<void(const std::string& failure)> restored;
  Limits limits;
  LogSink log;
};

}  // namespace pkv
