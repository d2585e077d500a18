#include "mpi/keeper.hpp"

#include "support/processes.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <csignal>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;
using test::wait_until;
using test::wait_until_gone;

constexpr auto patience = 20s;
const std::string token = "secret";

/// Lines from a socket, each waited for, but not for ever.
class Lines {
 public:
  explicit Lines(int descriptor) : descriptor_(descriptor) {}

  /// Empty if there is no more, or time is up.
  std::string next() {
    for (;;) {
      if (const auto line = lines_.next()) return *line;
      pollfd watched{descriptor_, POLLIN, 0};
      std::array<char, 4096> bytes{};
      if (poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) != 1)
        return {};
      const ssize_t got = recv(descriptor_, bytes.data(), bytes.size(), 0);
      if (got <= 0) return {};
      lines_.append({bytes.data(), static_cast<std::size_t>(got)});
    }
  }

 private:
  int descriptor_;
  LineReader lines_{control::longest_line_bytes};
};

/// The end of a keeper's control connection at rank 0, played by the test.
class ControlEnd {
 public:
  ControlEnd() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    bind(listener_, reinterpret_cast<sockaddr*>(&address), length);
    listen(listener_, 4);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length);
    endpoint_ = {ntohs(address.sin_port), token, {"127.0.0.1"}};
  }
  ~ControlEnd() {
    cut();
    close(listener_);
  }

  [[nodiscard]] const control::Endpoint& endpoint() const { return endpoint_; }

  void accept_keeper() {
    pollfd watched{listener_, POLLIN, 0};
    REQUIRE(poll(&watched, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1);
    connection_ = accept(listener_, nullptr, nullptr);
    lines_.emplace(connection_);
  }

  void cut() {
    if (connection_ >= 0) close(connection_);
    connection_ = -1;
  }

  /// The next report of this kind; others before it are passed over.
  template <class Wanted>
  Wanted next() {
    for (;;) {
      const std::string line = lines_->next();
      INFO("line: " << line);
      const auto report = control::decode_report(line);
      REQUIRE(report);
      if (const auto* wanted = std::get_if<Wanted>(&*report)) return *wanted;
    }
  }

  void order(const control::Order& order) const {
    const std::string line = control::encode(order);
    CHECK(send(connection_, line.data(), line.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(line.size()));
  }

 private:
  int listener_;
  int connection_ = -1;
  std::optional<Lines> lines_;
  control::Endpoint endpoint_;
};

/// A keeper, in a process of its own, and the process manager that it believes to have.
class Kept {
 public:
  /// `deeds`: what the rank's first process does, the second, ...; see keeper_child.cpp.
  Kept(int rank, std::vector<std::string> deeds, std::string endpoint = "",
       std::chrono::milliseconds orphan_limit = 10min, bool restarts = true)
      : endpoint_(std::move(endpoint)) {
    std::array<int, 2> ends{};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    KeeperSettings settings;
    settings.command.program = PKV_KEEPER_CHILD;
    settings.command.arguments = {"keeper_child"};
    settings.command.arguments.insert(settings.command.arguments.end(), deeds.begin(), deeds.end());
    settings.command.takes_signals = rank == 0;
    settings.rank = rank;
    settings.host = "here";
    settings.pmi_descriptor = ends[1];
    settings.orphan_limit = orphan_limit;
    settings.restarts = restarts;
    // As the program does before anything else, so that no signal comes too early.
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigprocmask(SIG_BLOCK, &held, nullptr);
    process_ = fork();
    if (process_ == 0) {
      // Else it would hold the listening socket of the rank 0 that it is played.
      for (int other = STDERR_FILENO + 1; other < 256; ++other)
        if (other != ends[1]) close(other);
      Keeper keeper(settings);
      _exit(keeper.run());
    }
    sigprocmask(SIG_UNBLOCK, &held, nullptr);
    close(ends[1]);
    manager_ = std::jthread([this, end = ends[0]] { manage(end); });
  }

  ~Kept() {
    if (process_ > 0) {
      kill(process_, SIGKILL);
      waitpid(process_, nullptr, 0);
    }
  }

  [[nodiscard]] pid_t process() const { return process_; }

  /// The exit status of the keeper, once it has ended.
  std::optional<int> wait() {
    int status = 0;
    if (!wait_until([&] { return waitpid(process_, &status, WNOHANG) == process_; }, patience))
      return std::nullopt;
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// What was asked of the process manager. Requires: the keeper has ended.
  const std::vector<std::string>& asked() {
    if (manager_.joinable()) manager_.join();
    return asked_;
  }

 private:
  void manage(int end) {
    Lines lines(end);
    for (std::string line = lines.next(); !line.empty(); line = lines.next()) {
      asked_.push_back(line);
      if (line.starts_with("cmd=abort")) continue;  // as Hydra does
      const std::string reply = reply_to(line) + '\n';
      if (send(end, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(end);
  }

  [[nodiscard]] std::string reply_to(const std::string& line) const {
    if (line.starts_with("cmd=init")) return "cmd=response_to_init rc=0";
    if (line.starts_with("cmd=get_my_kvsname")) return "cmd=my_kvsname kvsname=k";
    if (line.starts_with("cmd=barrier_in")) return "cmd=barrier_out";
    if (line.starts_with("cmd=put")) return "cmd=put_result rc=0";
    if (line.starts_with("cmd=finalize")) return "cmd=finalize_ack";
    if (line.starts_with("cmd=get ") && !endpoint_.empty())
      return "cmd=get_result rc=0 msg=success value=" + endpoint_;
    return "cmd=get_result rc=-1 msg=key_not_found";
  }

  const std::string endpoint_;
  pid_t process_ = 0;
  std::vector<std::string> asked_;
  std::jthread manager_;
};

std::size_t times_asked(const std::vector<std::string>& asked, const std::string& start) {
  return static_cast<std::size_t>(
      std::count_if(asked.begin(), asked.end(),
                    [&](const std::string& line) { return line.starts_with(start); }));
}

TEST_CASE("Keeper: starts a worker's process again, however it died, and tells rank 0",
          "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(3,
            {"init address:one stay", "init address:two await:12 exit:3", "init address:three stay",
             "init address:four beat:17 await:12 exit:0"},
            control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  const auto hello = rank_0.next<control::Hello>();
  CHECK(hello.token == token);
  CHECK(hello.rank == 3);
  CHECK(hello.host == "here");
  const std::vector<std::pair<int, std::string>> ends{{SIGKILL, "was killed by signal 9"},
                                                      {SIGUSR2, "ended with status 3"},
                                                      {SIGSEGV, "was killed by signal 11"}};
  std::uint32_t epoch = 0;
  for (const auto& [signal, how] : ends) {
    const auto ready = rank_0.next<control::Ready>();
    CHECK(ready.epoch == ++epoch);
    kill(static_cast<pid_t>(ready.process_id), signal);
    const auto dead = rank_0.next<control::Dead>();
    CHECK(dead.epoch == epoch);
    CHECK(dead.how == "process " + std::to_string(ready.process_id) + ' ' + how);
  }
  const auto ready = rank_0.next<control::Ready>();
  CHECK(ready.epoch == 4);
  CHECK(ready.address == "four");
  const auto beat = rank_0.next<control::Beat>();
  CHECK(beat.epoch == 4);
  CHECK(beat.progress == 17);
  kill(static_cast<pid_t>(ready.process_id), SIGUSR2);
  CHECK(kept.wait() == 0);
  // Hydra was asked once, and told of an orderly end.
  CHECK(times_asked(kept.asked(), "cmd=init") == 1);
  CHECK(times_asked(kept.asked(), "cmd=barrier_in") == 1);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
}

TEST_CASE("Keeper: where processes do not return it keeps an empty place until the end",
          "[mpi][keeper]") {
  const bool by_setting = GENERATE(false, true);
  CAPTURE(by_setting);
  ControlEnd rank_0;
  Kept kept(1, {by_setting ? "init address:x stay" : "init last address:x stay", "init address:y"},
            control::encode(rank_0.endpoint()), 10min, !by_setting);
  rank_0.accept_keeper();
  const auto ready = rank_0.next<control::Ready>();
  rank_0.order(control::Restart{1});  // as when the process is given up
  const auto dead = rank_0.next<control::Dead>();
  CHECK(dead.epoch == 1);
  CHECK_FALSE(test::is_running(static_cast<pid_t>(ready.process_id)));
  rank_0.cut();
  rank_0.accept_keeper();
  CHECK(rank_0.next<control::Hello>().rank == 1);
  CHECK(rank_0.next<control::Dead>().epoch == 1);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=init") == 1);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
}

TEST_CASE("Keeper: where processes do not return, one that dies before it is ready ends the job",
          "[mpi][keeper]") {
  Kept kept(1, {"init kill:9"}, "", 10min, false);
  CHECK(kept.wait() == 1);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 0);
}

TEST_CASE("Keeper: obeys orders to restart, if they mean the process there is", "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init address:x stay"}, control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  const auto first = rank_0.next<control::Ready>();
  CHECK(first.epoch == 1);
  rank_0.order(control::Restart{7});
  rank_0.order(control::Restart{1});
  CHECK(rank_0.next<control::Dead>().epoch == 1);
  const auto second = rank_0.next<control::Ready>();
  CHECK(second.epoch == 2);
  CHECK(second.process_id != first.process_id);
  rank_0.order(control::Restart{1});  // long done

  rank_0.order(control::Kill{});
  CHECK(rank_0.next<control::Dead>().epoch == 2);
  CHECK(rank_0.next<control::Ready>().epoch == 3);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
}

TEST_CASE("Keeper: a stopped process is killed when it shall be restarted or leave",
          "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init address:x kill:19"}, control::encode(rank_0.endpoint()));  // SIGSTOP
  rank_0.accept_keeper();
  CHECK(rank_0.next<control::Ready>().epoch == 1);
  rank_0.order(control::Restart{1});
  const auto ready = rank_0.next<control::Ready>();
  CHECK(ready.epoch == 2);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
  CHECK(wait_until_gone({static_cast<pid_t>(ready.process_id)}, 5s).empty());
}

TEST_CASE("Keeper: a process that calls MPI_Abort is ended, and the job goes on", "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init abort", "init address:x stay"}, control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  CHECK(rank_0.next<control::Ready>().epoch == 2);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=abort") == 0);
}

TEST_CASE("Keeper: connects again after a cut, and says how things are", "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init address:x stay"}, control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  const auto before = rank_0.next<control::Ready>();
  for (int cuts = 0; cuts < 3; ++cuts) {
    rank_0.cut();
    rank_0.accept_keeper();
    CHECK(rank_0.next<control::Hello>().token == token);
    const auto after = rank_0.next<control::Ready>();
    CHECK(after.epoch == 1);
    CHECK(after.process_id == before.process_id);
    CHECK(after.address == "x");
  }
  rank_0.cut();
  kill(static_cast<pid_t>(before.process_id), SIGKILL);
  rank_0.accept_keeper();
  CHECK(rank_0.next<control::Ready>().epoch == 2);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
}

TEST_CASE("Keeper: leaves when nobody listens any more where rank 0 was", "[mpi][keeper]") {
  std::optional<ControlEnd> rank_0(std::in_place);
  Kept kept(1, {"init address:x stay"}, control::encode(rank_0->endpoint()));
  rank_0->accept_keeper();
  CHECK(rank_0->next<control::Ready>().epoch == 1);
  rank_0.reset();
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
}

TEST_CASE("Keeper: leaves when rank 0 has been out of reach for too long", "[mpi][keeper]") {
  // An address without its interface, to which no connection is even tried.
  const control::Endpoint nowhere{1, token, {"fe80::1"}};
  Kept kept(1, {"init address:x stay"}, control::encode(nowhere), 300ms);
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
}

TEST_CASE("Keeper: does not let Hydra wait for ranks that cannot hear of the end",
          "[mpi][keeper]") {
  const bool alone = GENERATE(false, true);
  CAPTURE(alone);
  Kept kept(0, {alone ? "init leave:alone exit:0" : "init leave exit:0"});
  CHECK(kept.wait() == 0);
  CHECK(times_asked(kept.asked(), "cmd=abort exitcode=0") == (alone ? 1 : 0));
  CHECK(kept.asked().back() == "cmd=finalize");
}

TEST_CASE("Keeper: a process that dies at once again and again is started less and less often",
          "[mpi][keeper]") {
  RestartPause pause(1s);
  std::vector<int> pauses;
  for (int death = 0; death < 9; ++death)
    pauses.push_back(static_cast<int>(pause.after(0s).count()));
  CHECK(pauses == std::vector<int>{0, 50, 100, 200, 400, 800, 1000, 1000, 1000});
  CHECK(pause.after(2001ms) == 0ms);
  CHECK(pause.after(2000ms) == 50ms);

  ControlEnd rank_0;
  const auto begin = std::chrono::steady_clock::now();
  Kept kept(1, {"init exit:1", "exit:1", "exit:1", "exit:1", "exit:0"},
            control::encode(rank_0.endpoint()));
  CHECK(kept.wait() == 0);
  CHECK(std::chrono::steady_clock::now() - begin >= 0ms + 50ms + 100ms + 200ms);
}

TEST_CASE("Keeper: the end of rank 0 is the end of its keeper", "[mpi][keeper]") {
  SECTION("by a signal") {
    Kept kept(0, {"init kill:9"});
    CHECK(kept.wait() == 128 + 9);
    CHECK(times_asked(kept.asked(), "cmd=finalize") == 0);  // so Hydra ends the others
  }
  SECTION("with a status") {
    Kept kept(0, {"init exit:3"});
    CHECK(kept.wait() == 3);
    CHECK(times_asked(kept.asked(), "cmd=finalize") == 0);
  }
  SECTION("with a status, after it has sent the others home") {
    Kept kept(0, {"init leave exit:3"});
    CHECK(kept.wait() == 3);
    CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
  }
  SECTION("in good order") {
    Kept kept(0, {"init exit:0"});
    CHECK(kept.wait() == 0);
    CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
  }
  SECTION("in good order, by MPI_Finalize") {
    Kept kept(0, {"init finalize exit:0"});
    CHECK(kept.wait() == 0);
    CHECK(times_asked(kept.asked(), "cmd=finalize") == 1);
  }
}

TEST_CASE("Keeper: publishes rank 0's endpoint before rank 0 goes on", "[mpi][keeper]") {
  Kept kept(0, {"publish:4711/secret/127.0.0.1 init leave exit:0"});
  CHECK(kept.wait() == 0);
  const auto& asked = kept.asked();
  CHECK(times_asked(asked, "cmd=init") == 1);
  const auto published = std::find(asked.begin(), asked.end(),
                                   "cmd=put kvsname=k key=pkv-control "
                                   "value=4711/secret/127.0.0.1");
  CHECK(published < std::find(asked.begin(), asked.end(), "cmd=barrier_in"));
}

TEST_CASE("Keeper: rank 0 gets the signals that end the job, also while it starts",
          "[mpi][keeper]") {
  Kept kept(0, {"init await:15 exit:0"});
  kill(kept.process(), SIGTERM);
  CHECK(kept.wait() == 0);
}

TEST_CASE("Keeper: a worker's keeper ignores them, and SIGUSR1", "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init address:x stay"}, control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  CHECK(rank_0.next<control::Ready>().epoch == 1);
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1})
    kill(kept.process(), signal);
  rank_0.order(control::Leave{});
  CHECK(kept.wait() == 0);
}

TEST_CASE("Keeper: its child dies with it", "[mpi][keeper]") {
  ControlEnd rank_0;
  Kept kept(1, {"init address:x stay"}, control::encode(rank_0.endpoint()));
  rank_0.accept_keeper();
  const auto child = static_cast<pid_t>(rank_0.next<control::Ready>().process_id);
  CHECK(test::is_running(child));
  kill(kept.process(), SIGKILL);
  CHECK(kept.wait() == 128 + SIGKILL);
  CHECK(wait_until_gone({child}, 5s).empty());
}

TEST_CASE("Keeper: a program that cannot be run does not make it spin or end", "[mpi][keeper]") {
  std::array<int, 2> ends{};
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const pid_t process = fork();
  if (process == 0) {
    close(ends[0]);
    close(STDERR_FILENO);
    KeeperSettings settings;
    settings.command = {"/nowhere/nothing", {"nothing"}, false};
    settings.rank = 1;
    settings.pmi_descriptor = ends[1];
    Keeper keeper(settings);
    _exit(keeper.run());
  }
  close(ends[1]);
  CHECK(test::is_running(process));
  // The process manager goes away: so does the keeper, with failure.
  close(ends[0]);
  int status = 0;
  CHECK(wait_until([&] { return waitpid(process, &status, WNOHANG) == process; }, patience));
  CHECK(WEXITSTATUS(status) == 1);
}

}  // namespace
}  // namespace pkv::mpi
