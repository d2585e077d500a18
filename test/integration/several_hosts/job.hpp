#pragma once

#include "support/child_process.hpp"
#include "support/connection.hpp"
#include "support/temporary_folder.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace pkv::test {

/// What NODES says about a node.
struct NodeNow {
  int rank = 0;
  pid_t process = 0;
  std::string host;
  std::string state;
  int epoch = 0;
};

/// A pkv_server on the three hosts of several_hosts/network.sh, started by mpiexec on host1: rank 0
/// runs there, and the others on host2, host3, host1, host2 ... in turn.
///
/// Lifetime: the destructor kills what it can find of it.
/// Errors: std::runtime_error when the server does not get ready, or does not answer.
class Job {
 public:
  explicit Job(int ranks, const std::vector<std::string>& further_arguments = {});

  /// From a machine that is none of the hosts.
  [[nodiscard]] Connection connect() const { return Connection(port_, "10.99.0.1"); }

  /// By id.
  [[nodiscard]] std::map<int, NodeNow> nodes() const;
  /// The nodes that hold the key.
  [[nodiscard]] std::vector<int> holders(const std::string& key) const;
  /// Waits until all nodes on the ring are up.
  [[nodiscard]] bool await_all_up(int nodes) const;

  /// Has mpiexec end the job; its exit status, or -1 if it does not end in good time.
  [[nodiscard]] int stop();
  [[nodiscard]] std::string log() const { return mpiexec_.errors(); }

 private:
  TemporaryFolder folder_;
  ChildProcess mpiexec_;
  std::uint16_t port_ = 0;
};

/// Pulls a host's cable out at the switch, and puts it in again.
void cut(const std::string& host);
void mend(const std::string& host);

/// The same further away, where the host does not notice it.
void drop_frames(const std::string& host);
void pass_frames(const std::string& host);

/// All processes of jobs, wherever they are.
[[nodiscard]] std::vector<pid_t> processes_of_jobs();

}  // namespace pkv::test
