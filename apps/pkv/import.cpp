#include "pkv/command_stream.hpp"

#include "entry_commands.hpp"
#include "entry_line.hpp"
#include "input_lines.hpp"
#include "local_source.hpp"
#include "plain_text.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace pkv::cli {
namespace {

namespace asio = boost::asio;

constexpr std::size_t read_bytes = std::size_t{256} << 10;
constexpr std::size_t longest_line_bytes = std::size_t{1} << 30;

/// One run from the first line to the last answer. The first line that is wrong, or that the server
/// refuses, ends it.
class Import {
 public:
  Import(BlockingClient& client, LocalSource& source, OnConflict on_conflict)
      : source_(source),
        on_conflict_(on_conflict),
        stream_(client.client(), [this](std::span<Reply> replies) { take(replies); }) {}

  asio::awaitable<void> run() {
    const auto room = std::make_unique<std::array<char, read_bytes>>();
    for (bool more = true; more && failure_.empty();) {
      const std::span<char> space(*room);
      const auto count = co_await source_.read(space);
      if (!count) {
        fail(count.error().text);
        break;
      }
      more = *count > 0;
      const std::string_view bytes(room->data(), *count);
      const auto add_line = [this](std::string_view line, bool too_long) {
        return add(line, too_long);
      };
      if (more)
        static_cast<void>(lines_.split(bytes, add_line));
      else
        static_cast<void>(lines_.finish(add_line));
      Pipeline batch = std::exchange(batch_, Pipeline());
      const auto sent = co_await stream_.send(std::move(batch));
      if (!sent) {
        lose(sent.error());
        co_return;
      }
    }
    const auto finished = co_await stream_.finish();
    if (!finished) lose(finished.error());
  }

  [[nodiscard]] ExitStatus conclude() const {
    std::cout << "imported " << stored_ << " keys";
    if (kept_ > 0) std::cout << ", kept " << kept_ << " that were there";
    std::cout << '\n' << std::flush;
    if (failure_.empty()) return ExitStatus::success;
    std::cerr << "error: " << failure_ << '\n';
    return status_;
  }

 private:
  /// Takes a line; false if nothing behind it is of interest.
  bool add(std::string_view line, bool too_long) {
    ++line_;
    if (too_long) return fail_at(line_, "it is longer than 1 GiB");
    if (line.empty()) return true;
    if (const std::string wrong = reader_.read(line); !wrong.empty()) return fail_at(line_, wrong);
    const std::string_view key = reader_.key();
    const std::string_view value = reader_.value();
    std::array<std::string_view, 6> words{"SET", key, value};
    std::size_t count = 3;
    const std::string expires_at = std::to_string(reader_.expires_at());
    if (reader_.expires_at() != never) {
      words[count++] = "PXAT";
      words[count++] = expires_at;
    }
    if (on_conflict_ != OnConflict::overwrite) words[count++] = "NX";
    add_command(std::span(words).first(count));
    return true;
  }

  void add_command(std::span<const std::string_view> words) {
    batch_.add(words);
    sent_lines_.push_back(line_);
  }

  void take(std::span<const Reply> replies) {
    for (const Reply& reply : replies) {
      const std::uint64_t line = sent_lines_.front();
      sent_lines_.pop_front();
      if (reply.is_error()) {
        fail_at(line, plain_error(reply));
      } else if (reply.is_nil() && on_conflict_ == OnConflict::fail) {
        fail_at(line, "key already exists");
      } else {
        ++(reply.is_nil() ? kept_ : stored_);
      }
    }
  }

  /// The first failure is the one that is told, even if a later line was looked at before.
  bool fail_at(std::uint64_t line, const std::string& why) {
    if (failure_.empty() || line < failed_line_) {
      failed_line_ = line;
      failure_ = "line " + std::to_string(line) + ": " + why;
    }
    return false;
  }

  void fail(const std::string& why) {
    if (failure_.empty()) failure_ = why;
  }

  void lose(boost::system::error_code error) {
    status_ = ExitStatus::connection;
    failure_ = plain_error(error) + "; " + std::to_string(sent_lines_.size()) +
               " keys were sent and not answered";
  }

  LocalSource& source_;
  OnConflict on_conflict_;
  InputLines lines_{longest_line_bytes};
  EntryLineReader reader_;
  Pipeline batch_;
  std::deque<std::uint64_t> sent_lines_;  // of commands in the batch or without answer
  std::uint64_t line_ = 0;
  std::uint64_t stored_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t failed_line_ = 0;
  std::string failure_;
  ExitStatus status_ = ExitStatus::command_failed;
  CommandStream stream_;  // last: its consumer uses the others
};

}  // namespace

ExitStatus import_entries(BlockingClient& client, const Options& options) {
  const std::string path = options.arguments.empty() ? "-" : options.arguments.front();
  LocalSource source(client.executor(), path, "import");
  Import importing(client, source, options.on_conflict);
  client.run(importing.run());
  return importing.conclude();
}

}  // namespace pkv::cli
