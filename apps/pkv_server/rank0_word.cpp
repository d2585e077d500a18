#include "pkv_server/rank0_word.hpp"

#include <climits>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace pkv::server {
namespace {

constexpr const char* variable = "PKV_LAUNCHER";

// A reason is this byte, its text, and a zero byte: short enough to be written in one piece.
constexpr char begin_of_reason = 'w';
constexpr char end_of_reason = '\0';
constexpr std::size_t most_reason_bytes = 1'000;
static_assert(most_reason_bytes + 2 <= PIPE_BUF);

void tell(const char* bytes, std::size_t count) noexcept {
  const char* const path = std::getenv(variable);
  if (path == nullptr) return;
  const int end = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (end < 0) return;
  [[maybe_unused]] const ssize_t written = write(end, bytes, count);
  close(end);
}

}  // namespace

void tell_launcher(Rank0Word word) noexcept {
  const auto byte = static_cast<char>(word);
  tell(&byte, 1);
}

void tell_launcher_why(std::string_view reason) noexcept {
  reason = reason.substr(0, std::min(most_reason_bytes, reason.find(end_of_reason)));
  std::array<char, most_reason_bytes + 2> bytes{};
  bytes.front() = begin_of_reason;
  std::copy(reason.begin(), reason.end(), bytes.begin() + 1);
  tell(bytes.data(), reason.size() + 2);
}

// The path leads to the launcher's own end of the pipe: nothing has to be handed through mpiexec
// and its proxies, which close what they do not know.
Rank0Words::Rank0Words() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return;
  read_end_ = ends[0];
  write_end_ = ends[1];
  const std::string path =
      "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(write_end_);
  setenv(variable, path.c_str(), 1);
}

Rank0Words::~Rank0Words() {
  if (read_end_ < 0) return;
  close(read_end_);
  close(write_end_);
}

Rank0Word Rank0Words::last() {
  read_all();
  return last_;
}

const std::string& Rank0Words::reason() {
  read_all();
  return reason_;
}

void Rank0Words::read_all() {
  char byte = 0;
  while (read_end_ >= 0 && read(read_end_, &byte, 1) == 1) {
    if (!in_reason_ && byte != begin_of_reason) {
      last_ = static_cast<Rank0Word>(byte);
    } else if (!in_reason_) {
      in_reason_ = true;
    } else if (byte == end_of_reason) {
      in_reason_ = false;
      has_reason_ = true;
    } else if (!has_reason_) {
      reason_ += byte;
    }
  }
}

}  // namespace pkv::server
