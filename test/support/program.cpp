#include "support/program.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace pkv::test {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds program_patience{60};

int check(int outcome, const char* what) {
  if (outcome < 0) throw std::system_error(errno, std::generic_category(), what);
  return outcome;
}

[[noreturn]] void become(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words)
    arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execv(arguments.front(), arguments.data());
  ::_exit(127);
}

int exit_status_of(pid_t process) {
  int status = 0;
  check(::waitpid(process, &status, 0), "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Waits until something can be done, or throws.
void poll_before(Clock::time_point deadline, pollfd* waiting, nfds_t count, const char* what) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  if (left.count() <= 0 || ::poll(waiting, count, static_cast<int>(left.count())) == 0) {
    throw std::runtime_error(what);
  }
}

/// Appends what there is to read. Returns false at the end.
bool read_into(std::string& text, int descriptor) {
  std::array<char, 65536> chunk;
  const ssize_t received = ::read(descriptor, chunk.data(), chunk.size());
  if (received <= 0) return false;
  text.append(chunk.data(), static_cast<std::size_t>(received));
  return true;
}

/// Sockets rather than pipes: writing to one that nobody reads can be asked not to raise SIGPIPE.
struct Channel {
  Channel() {
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), "socketpair");
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  ~Channel() {
    close_mine();
    close_its();
  }

  [[nodiscard]] int mine() const { return ends[0]; }

  void close_mine() { close_end(ends[0]); }

  void close_its() { close_end(ends[1]); }

  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }

  std::array<int, 2> ends{-1, -1};
};

void feed(Channel& input, std::string_view& rest) {
  const ssize_t sent = ::send(input.mine(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  if (sent < 0 && errno != EAGAIN) rest = {};  // it does not want to know
  if (rest.empty()) input.close_mine();
}

void converse(Channel& input, std::string_view rest, Channel& output, Channel& errors,
              Outcome& outcome) {
  const auto deadline = Clock::now() + program_patience;
  if (rest.empty()) input.close_mine();
  while (output.mine() >= 0 || errors.mine() >= 0) {
    pollfd waiting[] = {
        {input.mine(), POLLOUT, 0}, {output.mine(), POLLIN, 0}, {errors.mine(), POLLIN, 0}};
    poll_before(deadline, waiting, 3, "the program hangs");
    if (waiting[0].revents != 0) feed(input, rest);
    if (waiting[1].revents != 0 && !read_into(outcome.output, output.mine())) output.close_mine();
    if (waiting[2].revents != 0 && !read_into(outcome.errors, errors.mine())) errors.close_mine();
  }
}

}  // namespace

Outcome run_program(const std::vector<std::string>& words, std::string_view input) {
  Channel in;
  Channel out;
  Channel err;
  const pid_t process = check(::fork(), "fork");
  if (process == 0) {
    ::dup2(in.ends[1], STDIN_FILENO);
    ::dup2(out.ends[1], STDOUT_FILENO);
    ::dup2(err.ends[1], STDERR_FILENO);
    become(words);
  }
  in.close_its();
  out.close_its();
  err.close_its();
  Outcome outcome;
  try {
    converse(in, input, out, err, outcome);
  } catch (...) {
    ::kill(process, SIGKILL);
    exit_status_of(process);
    throw;
  }
  outcome.exit_status = exit_status_of(process);
  return outcome;
}

TerminalProgram::TerminalProgram(const std::vector<std::string>& words) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 200;
  process_ = check(::forkpty(&terminal_, nullptr, nullptr, &size), "forkpty");
  if (process_ == 0) become(words);
}

TerminalProgram::~TerminalProgram() {
  if (process_ > 0) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ::close(terminal_);
}

void TerminalProgram::type(std::string_view keys) {
  check(static_cast<int>(::write(terminal_, keys.data(), keys.size())), "write to a terminal");
}

std::string TerminalProgram::wait_for(std::string_view text) {
  for (;;) {
    const std::size_t found = shown_.find(text);
    if (found != std::string::npos) {
      std::string seen = shown_.substr(0, found + text.size());
      shown_.erase(0, seen.size());
      return seen;
    }
    if (!read_some()) {
      throw std::runtime_error("ended without showing: " + std::string(text) + "\n" + shown_);
    }
  }
}

int TerminalProgram::wait_for_exit() {
  while (read_some()) {
  }
  const int status = exit_status_of(process_);
  process_ = -1;
  return status;
}

bool TerminalProgram::read_some() {
  pollfd waiting{terminal_, POLLIN, 0};
  poll_before(Clock::now() + program_patience, &waiting, 1, "nothing is shown");
  return read_into(shown_, terminal_);
}

}  // namespace pkv::test
