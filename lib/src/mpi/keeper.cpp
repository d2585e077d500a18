#include "mpi/keeper.hpp"

#include "mpi/byte_stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <exception>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv::mpi {
namespace {

using namespace std::chrono_literals;

/// For Hydra to take note of an orderly end.
constexpr auto finalize_patience = 1s;

/// A descriptor that tells of the signals that mean something to a keeper. A worker's does not even
/// take those that end the job: rank 0 ends it, and tells the others.
int open_signals(bool is_coordinator) {
  for (const int signal : {SIGPIPE, SIGUSR1})
    std::signal(signal, SIG_IGN);
  sigset_t wanted;
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGCHLD);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (is_coordinator)
      sigaddset(&wanted, signal);
    else
      std::signal(signal, SIG_IGN);
  }
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  const int descriptor = signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  return descriptor;
}

}  // namespace

Keeper::Keeper(KeeperSettings settings)
    : settings_(std::move(settings)),
      signals_(open_signals(settings_.rank == 0)),
      control_([this](const std::string& token) { return introduction(token); },
               [this](const control::Order& order) { obey(order); }),
      pause_(settings_.longest_pause),
      restarts_(settings_.restarts) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
}

Keeper::~Keeper() {
  close(signals_);
  close(settings_.pmi_descriptor);
}

int Keeper::run() {
  start_child();
  while (!done_)
    wait_and_serve();
  return exit_status_.value_or(1);
}

void Keeper::log(LogLevel level, const std::string& text) const {
  if (settings_.log) settings_.log(level, text);
}

void Keeper::start_child() {
  start_at_.reset();
  address_.reset();
  child_lines_.clear();
  relay_.begin_child();
  ++epoch_;
  started_at_ = Clock::now();
  try {
    child_ = std::make_unique<RankProcess>(settings_.command, epoch_);
    control_.say(control::Started{epoch_, child_->process_id()});
  } catch (const std::system_error& error) {
    start_again(std::string("could not be started: ") + error.what());
  }
}

void Keeper::wait_and_serve() {
  const short upstream_events = relay_.to_upstream().empty() ? POLLIN : POLLIN | POLLOUT;
  const short child_events = relay_.to_child().empty() ? POLLIN : POLLIN | POLLOUT;
  std::array<pollfd, 5> watched{{{signals_, POLLIN, 0},
                                 {settings_.pmi_descriptor, upstream_events, 0},
                                 {child_ ? child_->pmi_descriptor() : -1, child_events, 0},
                                 {child_ ? child_->link_descriptor() : -1, POLLIN, 0},
                                 {control_.descriptor(), control_.events(), 0}}};
  if (poll(watched.data(), watched.size(), milliseconds_to_wait()) < 0) return;  // interrupted
  // What the child has said comes before its end, and its end before orders about it.
  if (watched[2].revents != 0) serve_child_pmi();
  if (watched[3].revents != 0) serve_child_link();
  if (watched[1].revents != 0) serve_upstream();
  if (watched[0].revents != 0) serve_signals();
  control_.serve(watched[4].fd == control_.descriptor() ? watched[4].revents : short{0});
  act_on_time();
  write_out();
}

int Keeper::milliseconds_to_wait() const {
  std::optional<Clock::time_point> first;
  for (const auto& deadline :
       {start_at_, kill_at_, give_up_at_, control_.next_deadline(), orphan_deadline()})
    if (deadline && (!first || *deadline < *first)) first = deadline;
  if (!first) return -1;
  const auto rest = std::chrono::ceil<std::chrono::milliseconds>(*first - Clock::now());
  return static_cast<int>(std::max(rest, 0ms).count());
}

void Keeper::act_on_time() {
  const auto now = Clock::now();
  if (start_at_ && now >= *start_at_) start_child();
  if (kill_at_ && now >= *kill_at_) {
    kill_at_.reset();
    if (child_) child_->send_signal(SIGKILL);
  }
  if (const auto orphaned = orphan_deadline(); orphaned && now >= *orphaned) {
    log(LogLevel::error, "rank 0 has been out of reach for too long: ending");
    obey(control::Leave{});
  }
  if (relay_.finalized() && exit_status_) done_ = true;
  if (give_up_at_ && now >= *give_up_at_) done_ = true;
}

/// When rank 0 will have been away for too long.
std::optional<Keeper::Clock::time_point> Keeper::orphan_deadline() const {
  const auto since = control_.apart_since();
  if (leaving_ || !since) return std::nullopt;
  return *since + settings_.orphan_limit;
}

void Keeper::serve_signals() {
  signalfd_siginfo signal{};
  while (read(signals_, &signal, sizeof signal) == ssize_t{sizeof signal})
    if (signal.ssi_signo != SIGCHLD && child_)
      child_->send_signal(static_cast<int>(signal.ssi_signo));
  if (!child_) return;
  const std::optional<int> wait_status = child_->wait_status();
  if (wait_status) child_ended(*wait_status);
}

void Keeper::serve_upstream() {
  std::string bytes;
  const ReadResult result = read_available(settings_.pmi_descriptor, bytes);
  if (result == ReadResult::end || !relay_.from_upstream(bytes)) {
    if (!exit_status_) log(LogLevel::error, "the process manager is gone: ending");
    done_ = true;
    return;
  }
  find_control();
}

void Keeper::serve_child_pmi() {
  std::string bytes;
  const ReadResult result = read_available(child_->pmi_descriptor(), bytes);
  if (!relay_.from_child(bytes)) {
    log(LogLevel::error, "the rank's process does not speak PMI-1: killing it");
    child_->send_signal(SIGKILL);
    child_->close_pmi();
  } else if (relay_.child_aborted()) {
    child_->send_signal(SIGKILL);
    child_->close_pmi();
  } else if (result == ReadResult::end) {
    child_->close_pmi();
  }
}

void Keeper::serve_child_link() {
  std::string bytes;
  const ReadResult result = read_available(child_->link_descriptor(), bytes);
  child_lines_.append(bytes);
  while (const auto line = child_lines_.next())
    child_says(*line);
  if (result == ReadResult::end || child_lines_.overlong()) child_->close_link();
}

void Keeper::child_says(const std::string& line) {
  const std::size_t space = line.find(' ');
  const std::string kind = line.substr(0, space);
  const std::string rest = space == std::string::npos ? std::string() : line.substr(space + 1);
  if (kind == "beat") {
    control::Beat beat{epoch_, 0};
    std::from_chars(rest.data(), rest.data() + rest.size(), beat.progress);
    control_.say(beat);
  } else if (kind == "address") {
    address_ = control::from_hexadecimal(rest).value_or("");
    control_.say(control::Ready{epoch_, child_->process_id(), *address_});
  } else if (kind == "last") {
    restarts_ = false;
  } else if (kind == "control" && is_coordinator()) {
    relay_.put(control::endpoint_key, rest, [this](bool worked) {
      std::string answer = worked ? "ok\n" : "no\n";
      if (child_) static_cast<void>(write_available(child_->link_descriptor(), answer));
    });
  } else if (kind == "leave" && is_coordinator()) {
    leaving_ = true;
    leaves_others_behind_ = rest == "alone";
  }
}

void Keeper::write_out() {
  if (!write_available(settings_.pmi_descriptor, relay_.to_upstream())) done_ = true;
  const bool heard = child_ && child_->pmi_descriptor() >= 0;
  if (heard && !write_available(child_->pmi_descriptor(), relay_.to_child())) child_->close_pmi();
}

void Keeper::child_ended(int wait_status) {
  if (child_->link_descriptor() >= 0) serve_child_link();
  const auto process = child_->process_id();
  const std::string how = describe_end(wait_status);
  child_.reset();
  const std::string what = "process " + std::to_string(process) + ' ' + how;
  const bool orderly = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
  if (is_coordinator()) {
    leaving_ = leaving_ || orderly;
    if (!leaving_) log(LogLevel::error, "the process of rank 0 " + how + ": the job ends");
    end_with(WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
  } else if (leaving_ || orderly) {
    // A worker ends by itself only when rank 0 has said goodbye to it.
    leaving_ = true;
    end_with(0);
  } else if (restarts_) {
    start_again(what);
  } else {
    stay_alone(what);
  }
}

void Keeper::stay_alone(const std::string& how) {
  if (!address_) {
    // Others may wait in MPI_Init for it, for ever.
    log(LogLevel::error, how + " before it was ready, and is not started again: the job ends");
    end_with(1);
    return;
  }
  last_end_ = how;
  control_.say(control::Dead{epoch_, how});
  log(LogLevel::warning, how + ": it is not started again");
}

void Keeper::start_again(const std::string& how) {
  last_end_ = how;
  control_.say(control::Dead{epoch_, how});
  const auto pause = pause_.after(Clock::now() - started_at_);
  start_at_ = Clock::now() + pause;
  log(LogLevel::warning,
      how + ": starting the next one in " + std::to_string(pause.count()) + " ms");
}

void Keeper::end_with(int exit_status) {
  exit_status_ = exit_status;
  start_at_.reset();
  if (leaving_) {
    // First: Hydra's proxy hears nothing more after finalize.
    if (leaves_others_behind_) relay_.end_job(exit_status);
    relay_.finalize();
    give_up_at_ = Clock::now() + finalize_patience;
  } else {
    done_ = true;
  }
}

}  // namespace pkv::mpi
