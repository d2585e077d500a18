#pragma once

#include <string>
#include <string_view>

namespace pkv::server {

/// What rank 0 lets the launcher know of itself, past mpiexec: Hydra's exit status is made of those
/// of all ranks and of the signals it has sent to them, and now and then is 0 although rank 0 was
/// not content.
enum class Rank0Word : char {
  nothing = 0,
  ready = 'r',  ///< It serves clients.
  done = 'd',   ///< It has ended in order.
};

/// Rank 0: tells the launcher, if there is one on this machine. Errors are not reported: the
/// launcher then goes by what mpiexec says.
void tell_launcher(Rank0Word word) noexcept;

/// A rank that is about to end the job by failing: tells the launcher why. For what it prints
/// itself is followed by many lines of mpiexec's, which do not know.
void tell_launcher_why(std::string_view reason) noexcept;

/// The launcher's end.
///
/// Thread safety: none. Lifetime: construct it before mpiexec is started, which inherits from the
/// environment where to tell.
class Rank0Words {
 public:
  Rank0Words();
  Rank0Words(const Rank0Words&) = delete;
  Rank0Words& operator=(const Rank0Words&) = delete;
  ~Rank0Words();

  /// The last word so far.
  [[nodiscard]] Rank0Word last();
  /// Why the job has failed, as the first rank has told that did; empty if none has.
  [[nodiscard]] const std::string& reason();

 private:
  void read_all();

  int read_end_ = -1;
  int write_end_ = -1;
  Rank0Word last_ = Rank0Word::nothing;
  bool in_reason_ = false;
  bool has_reason_ = false;
  std::string reason_;
};

}  // namespace pkv::server
