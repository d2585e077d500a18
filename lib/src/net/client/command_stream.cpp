#include "pkv/command_stream.hpp"

#include "net/client/client_connection.hpp"
#include "net/wake_up.hpp"

#include <deque>
#include <utility>
#include <vector>

namespace pkv {

namespace asio = boost::asio;
using boost::system::error_code;

class CommandStream::State final : public ReplyListener {
 public:
  State(asio::any_io_executor executor, std::shared_ptr<ClientConnection> connection,
        Consumer consumer, CommandStreamOptions options)
      : connection_(std::move(connection)),
        consumer_(std::move(consumer)),
        options_(options),
        wake_up_(std::move(executor)) {
    if (!connection_) failure_ = errc::connection_lost;
  }

  ~State() {
    if (unanswered_ > 0 && !failure_) connection_->abandon(*this);
  }

  [[nodiscard]] std::size_t unanswered() const noexcept { return unanswered_; }

  asio::awaitable<result<void>> send(Pipeline batch) {
    while (!failure_ && !has_room_for(batch.encoded().size(), batch.size())) {
      woken_ = false;
      auto [wait_error] = co_await wake_up_.wait();
      if (!woken_) co_return wait_error;  // the coroutine is being cancelled
    }
    if (!failure_ && !batch.empty()) start(batch);
    if (failure_) co_return failure_;
    co_return result<void>();
  }

  asio::awaitable<result<void>> finish() {
    while (!failure_ && unanswered_ > 0) {
      woken_ = false;
      waits_for_all_ = true;
      auto [wait_error] = co_await wake_up_.wait();
      waits_for_all_ = false;
      if (!woken_) co_return wait_error;  // as above
    }
    if (failure_) co_return failure_;
    co_return result<void>();
  }

  void on_reply(Reply&& reply) override {
    replies_.push_back(std::move(reply));
    if (--batches_.front().missing_replies == 0) {
      unanswered_bytes_ -= batches_.front().bytes;
      batches_.pop_front();
    }
  }

  void on_turn_end() override {
    unanswered_ -= replies_.size();
    consumer_(std::span(replies_));
    replies_.clear();
    // Not as soon as there is room for anything: a half-empty window makes for a large next write.
    const bool ready = unanswered_ == 0 || (!waits_for_all_ && is_half_empty());
    if (ready) wake();
  }

  void on_closed(error_code reason) override {
    failure_ = reason;
    wake();
  }

 private:
  struct Batch {
    std::size_t missing_replies;
    std::size_t bytes;
  };

  [[nodiscard]] bool has_room_for(std::size_t bytes, std::size_t commands) const noexcept {
    if (unanswered_ == 0) return true;
    return unanswered_bytes_ + bytes <= options_.window_bytes &&
           unanswered_ + commands <= options_.window_commands;
  }

  [[nodiscard]] bool is_half_empty() const noexcept {
    return unanswered_bytes_ <= options_.window_bytes / 2 &&
           unanswered_ <= options_.window_commands / 2;
  }

  void start(const Pipeline& batch) {
    const error_code error =
        connection_->send(batch.encoded(), batch.size(), *this, Patience::each_turn);
    if (error) {
      failure_ = error;
      return;
    }
    batches_.push_back({batch.size(), batch.encoded().size()});
    unanswered_ += batch.size();
    unanswered_bytes_ += batch.encoded().size();
  }

  void wake() {
    woken_ = true;
    wake_up_.wake();
  }

  std::shared_ptr<ClientConnection> connection_;
  Consumer consumer_;
  CommandStreamOptions options_;
  WakeUp wake_up_;
  bool woken_ = false;
  bool waits_for_all_ = false;
  std::deque<Batch> batches_;  // those with replies missing
  std::size_t unanswered_ = 0;
  std::size_t unanswered_bytes_ = 0;
  std::vector<Reply> replies_;  // of this turn
  error_code failure_;
};

CommandStream::CommandStream(Client& client, Consumer consumer, CommandStreamOptions options)
    : state_(std::make_unique<State>(client.executor_, client.connection_, std::move(consumer),
                                     options)) {}

CommandStream::CommandStream(CommandStream&&) noexcept = default;

CommandStream::~CommandStream() = default;

asio::awaitable<result<void>> CommandStream::send(Pipeline batch) {
  return state_->send(std::move(batch));
}

asio::awaitable<result<void>> CommandStream::finish() {
  return state_->finish();
}

std::size_t CommandStream::unanswered() const noexcept {
  return state_->unanswered();
}

}  // namespace pkv
