#pragma once

#include "mpi/line_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pkv::mpi {

/// Stands between a rank and its process manager, so that the rank's process can be replaced
/// without the manager noticing.
///
/// MPICH's ranks speak PMI-1 with Hydra while they are in MPI_Init: one line per request, one per
/// reply, never two requests at once. The relay passes them on and remembers the replies. A process
/// that is started in the place of a dead one asks the same again and is answered from memory: it
/// gets the rank, the addresses of the other ranks and the barriers that have been passed already.
/// A reply that comes when its asker is dead is kept for the next one; nothing is asked twice.
///
/// Its owner may use the job's key-value space too, with put() and get(), between the rank's
/// requests.
///
/// It does no I/O: bytes go in by from_child() and from_upstream(), and what is to be written is
/// taken from to_child() and to_upstream().
///
/// The protocol: https://wiki.mpich.org/mpich/index.php/PMI_v1.1_wire_protocol, and MPICH 4.0.2,
/// src/pmi/simple/simple_pmi.c.
///
/// Thread safety: none. Errors: a peer that breaks the protocol is reported by `false`; nothing
/// more is to be read from it then. MPI_Abort of the rank is not passed on: it is to end one
/// process, not the job.
class PmiRelay {
 public:
  /// Keys have at most 64 bytes, values and names 1024, in Hydra.
  static constexpr std::size_t longest_line_bytes = 4096;

  /// A new process takes the place of the old one, if there was one. What the old one has left
  /// unread or half said is forgotten.
  void begin_child();

  [[nodiscard]] bool from_child(std::string_view bytes);
  [[nodiscard]] bool from_upstream(std::string_view bytes);

  /// Whether the present process has called MPI_Abort. It waits to be killed then.
  [[nodiscard]] bool child_aborted() const noexcept { return child_aborted_; }

  /// What is to be written; the caller removes what it has written.
  [[nodiscard]] std::string& to_child() noexcept { return to_child_; }
  [[nodiscard]] std::string& to_upstream() noexcept { return to_upstream_; }

  /// Publishes a value, without blanks, in the job's key-value space. Others see it once they and
  /// this rank have passed a barrier that this rank enters later. `done` tells whether it worked.
  void put(const std::string& key, const std::string& value, std::function<void(bool)> done);

  /// Reads from the job's key-value space. `done` gets nothing if there is no such key.
  void get(const std::string& key, std::function<void(std::optional<std::string>)> done);

  /// Tells the process manager that this rank ends in good order, if nobody has told it.
  void finalize();

  /// Has the process manager end the job with this status at once, within about a second, instead
  /// of waiting for ranks that cannot hear of its end.
  void end_job(int exit_status);

  /// Whether the process manager knows that this rank ends in good order.
  [[nodiscard]] bool finalized() const noexcept { return finalized_; }

  /// Barriers that this rank has passed, whichever process of it.
  [[nodiscard]] std::size_t barriers_passed() const noexcept { return barriers_passed_; }

 private:
  using Done = std::function<void(const std::string& reply)>;

  struct Request {
    std::string name;  // what the reply is remembered under
    std::string line;
    Done done;  // empty: it was the child that asked
  };

  [[nodiscard]] bool child_asks(const std::string& line);
  [[nodiscard]] std::string name_for(const std::string& line);
  /// Answers from memory, or asks upstream unless that has been done already.
  void ask(const std::string& name, const std::string& line, Done done);
  void with_name_space(std::function<void(const std::string& name)> use);
  void send_next();
  void on_reply(const std::string& reply);
  void remember(const std::string& name, const std::string& reply);

  LineReader child_lines_{longest_line_bytes};
  LineReader upstream_lines_{longest_line_bytes};
  std::string to_child_;
  std::string to_upstream_;
  std::map<std::string, std::string> memory_;
  std::deque<Request> requests_;  // the first one is under way if `asking_`
  bool asking_ = false;
  std::optional<std::string> child_waits_for_;  // name of a request
  bool child_aborted_ = false;
  std::size_t child_barriers_ = 0;  // that the present child has entered
  std::size_t barriers_passed_ = 0;
  std::uint64_t unnamed_requests_ = 0;
  bool finalized_ = false;
};

}  // namespace pkv::mpi
