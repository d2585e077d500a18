#include "evaluation/client_run.hpp"

#include "evaluation/server_figures.hpp"

#include <algorithm>
#include <utility>

namespace pkv::evaluation {
namespace {

namespace asio = boost::asio;

// Where no time is measured.
constexpr std::size_t fast_depth = 500;

[[noreturn]] void fail_wrong(const Request& request, const Reply& reply) {
  std::string text = "wrong answer to";
  for (const std::string& word : request.command.words())
    text += ' ' + word;
  throw Failure(text + "\n  expected: " + to_text(request.expected) + "\n  got: " + to_text(reply));
}

}  // namespace

ClientRun::ClientRun(asio::any_io_executor executor, const Settings& settings, int number)
    : client_(std::move(executor)), workload_(settings, number), depth_(settings.depth) {}

asio::awaitable<void> ClientRun::connect(std::uint16_t port) {
  const result<void> connected = co_await client_.connect("127.0.0.1", port);
  if (!connected) throw Failure("cannot connect: " + connected.error().message());
}

asio::awaitable<void> ClientRun::load(std::size_t keys) {
  for (std::size_t left = keys; left > 0;) {
    const std::size_t batch = std::min(left, fast_depth);
    for (std::size_t i = 0; i < batch; ++i)
      add(workload_.create());
    co_await exchange();
    left -= batch;
  }
}

asio::awaitable<void> ClientRun::operate(std::size_t operations) {
  for (std::size_t left = operations; left > 0;) {
    const std::size_t batch = std::min(left, depth_);
    for (std::size_t i = 0; i < batch; ++i)
      add(workload_.next());
    co_await exchange();
    left -= batch;
  }
}

asio::awaitable<void> ClientRun::check_all() {
  workload_.begin_checks();
  while (workload_.has_unchecked()) {
    while (workload_.has_unchecked() && pipeline_.size() < fast_depth)
      add(workload_.check());
    co_await exchange();
  }
}

void ClientRun::add(const Request& request) {
  pipeline_.add(request.command);
  requests_.push_back(request);
}

asio::awaitable<void> ClientRun::exchange() {
  Pipeline commands = std::exchange(pipeline_, Pipeline());
  const result<std::vector<Reply>> replies = co_await client_.execute(std::move(commands));
  if (!replies) throw Failure("no answer: " + replies.error().message());
  for (std::size_t i = 0; i < requests_.size(); ++i)
    if ((*replies)[i] != requests_[i].expected) fail_wrong(requests_[i], (*replies)[i]);
  requests_.clear();
}

}  // namespace pkv::evaluation
