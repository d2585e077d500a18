#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pkv::mpi {

/// Variables in the environment of a rank that has a keeper.
inline constexpr const char* keeper_variable = "PKV_KEEPER_FD";  ///< The link to its keeper.
inline constexpr const char* epoch_variable = "PKV_EPOCH";       ///< Which process of the rank.

/// How to start a process of a rank.
struct RankCommand {
  std::string program;                 ///< Its path.
  std::vector<std::string> arguments;  ///< The program's name first.
  /// Whether SIGINT and SIGTERM mean something to it: it starts with them blocked, so that none
  /// gets lost before it can take them. Otherwise it starts with them ignored.
  bool takes_signals = false;
};

/// The process of a rank, as a child of its keeper, with two sockets to it.
///
/// It gets a session of its own, where signals to the keeper's process group do not reach it, and
/// the kernel kills it when the keeper ends.
///
/// Thread safety: none; the process must have one thread only, as the child is made by fork.
/// Lifetime: the destructor kills what still runs.
/// Errors: the constructor throws std::system_error. A program that cannot be run ends with status
/// 127, after a line on standard error.
class RankProcess {
 public:
  RankProcess(const RankCommand& command, std::uint32_t epoch);
  RankProcess(const RankProcess&) = delete;
  RankProcess& operator=(const RankProcess&) = delete;
  ~RankProcess();

  [[nodiscard]] pid_t process_id() const noexcept { return process_; }
  /// Where it speaks PMI; -1 once it has stopped to, see close_pmi().
  [[nodiscard]] int pmi_descriptor() const noexcept { return pmi_; }
  /// Where it speaks with its keeper, see KeeperLink.
  [[nodiscard]] int link_descriptor() const noexcept { return link_; }

  void close_pmi() noexcept;
  void close_link() noexcept;
  void send_signal(int signal) const noexcept;

  /// Its status, as of waitpid(), once it has ended.
  [[nodiscard]] std::optional<int> wait_status() noexcept;

 private:
  pid_t process_ = 0;
  int pmi_ = -1;
  int link_ = -1;
  std::optional<int> status_;
};

/// In words: "was killed by signal 9" or "ended with status 3".
[[nodiscard]] std::string describe_end(int wait_status);

}  // namespace pkv::mpi
