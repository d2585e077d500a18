#pragma once

#include "pkv/file_client.hpp"
#include "pkv/server.hpp"

#include "net/wake_up.hpp"
#include "support/run.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace pkv::test {

namespace asio = boost::asio;
using namespace std::chrono_literals;

inline FileClientOptions small_chunks() {
  FileClientOptions options;
  options.chunk_bytes = 10;
  options.bytes_in_flight = 40;
  options.sign_of_life = 5ms;
  options.silence = 100ms;
  return options;
}

/// A server in this process, and a client of it.
struct FileRig {
  asio::io_context io;
  Server server;
  Client client{io.get_executor()};
  FileClient files;

  FileRig() : server(io, ServerOptions{}, 3), files(client, small_chunks()) { connect(); }
  /// Over stores of the test's own.
  FileRig(ServerOptions options, wire::Transport& transport, FileClientOptions with)
      : server(io, std::move(options), transport), files(client, std::move(with)) {
    connect();
  }

  void connect() { REQUIRE(run(io, client.connect("127.0.0.1", server.port())).has_value()); }

  FileResult<FileInfo> put(const std::string& name, std::string_view content,
                           PutOptions options = {}) {
    StringSource source(content);
    return run(io, files.put(name, source, std::move(options)));
  }

  std::string get(const std::string& name, FileRange range = {}) {
    StringSink sink;
    const auto read = run(io, files.get(name, sink, range));
    return read ? sink.bytes() : "error: " + read.error().text;
  }

  Reply execute(Command command) { return run(io, client.execute(std::move(command))).value(); }

  std::int64_t keys() { return execute(Command("DBSIZE")).integer(); }

  std::string value(const std::string& key) {
    return std::string(execute(Command("R", key)).text());
  }
};

/// What a store with this one file has: its manifest, chunks, pages of checksums, its entry of the
/// index and the index's counter.
constexpr std::int64_t keys_of(std::int64_t chunks) {
  return 1 + chunks + (chunks + 1023) / 1024 + 1 + 1;
}

inline std::string random_content(std::size_t bytes) {
  const auto seed = std::random_device()();
  UNSCOPED_INFO("seed " << seed);
  std::mt19937 random(seed);
  std::string content(bytes, '\0');
  for (char& byte : content)
    byte = static_cast<char>(random());
  return content;
}

/// Content of which the part behind `gate_at` does not come before open() is called.
class GatedSource final : public FileSource {
 public:
  GatedSource(asio::any_io_executor executor, std::string content, std::size_t gate_at)
      : content_(std::move(content)), gate_at_(gate_at), opened_(std::move(executor)) {}

  asio::awaitable<FileResult<std::size_t>> read(std::span<char> room) override {
    while (at_ == gate_at_ && !is_open_) {
      is_waiting_ = true;
      co_await opened_.wait();
    }
    if (fails_) co_return FileError(FileFault::local, "the source has failed");
    const std::size_t end = at_ < gate_at_ ? gate_at_ : content_.size();
    const std::size_t bytes = std::min(room.size(), end - at_);
    content_.copy(room.data(), bytes, at_);
    at_ += bytes;
    co_return bytes;
  }

  void open() {
    is_open_ = true;
    opened_.wake();
  }

  void fail() {
    fails_ = true;
    open();
  }

  [[nodiscard]] bool is_waiting() const { return is_waiting_; }

 private:
  std::string content_;
  std::size_t gate_at_;
  WakeUp opened_;
  bool is_open_ = false;
  bool is_waiting_ = false;
  bool fails_ = false;
  std::size_t at_ = 0;
};

/// A put that is under way until its gate is opened.
struct SlowPut {
  SlowPut(FileRig& on, FileClient& files, const std::string& name, const std::string& content,
          std::size_t gate_at, PutOptions options = {})
      : rig(on),
        source(on.io.get_executor(), content, gate_at),
        outcome(
            asio::co_spawn(on.io, files.put(name, source, std::move(options)), asio::use_future)) {
    while (!source.is_waiting() && outcome.wait_for(0s) != std::future_status::ready)
      rig.io.run_one();
  }

  FileResult<FileInfo> finish() {
    source.open();
    return result();
  }

  FileResult<FileInfo> result() {
    while (outcome.wait_for(0s) != std::future_status::ready)
      rig.io.run_one();
    return outcome.get();
  }

  FileRig& rig;
  GatedSource source;
  std::future<FileResult<FileInfo>> outcome;
};

/// Leaves what a client leaves that ends in the middle of an upload, `gate_at` bytes of it sent.
/// Returns once they are there.
inline void interrupt_put(FileRig& rig, const std::string& name, const std::string& content,
                          std::size_t gate_at, PutOptions options = {}) {
  Client mortal(rig.io.get_executor());
  REQUIRE(run(rig.io, mortal.connect("127.0.0.1", rig.server.port())).has_value());
  FileClient files(mortal, small_chunks());
  SlowPut put(rig, files, name, content, gate_at, std::move(options));
  REQUIRE(run(rig.io, mortal.ping()).has_value());
  mortal.close();
  put.source.open();
  const auto outcome = put.result();
  REQUIRE_FALSE(outcome.has_value());
  CHECK(outcome.error().fault == FileFault::connection);
}

/// Calls a function when the first bytes come.
class MeddlingSink final : public FileSink {
 public:
  explicit MeddlingSink(std::function<asio::awaitable<void>()> meddle)
      : meddle_(std::move(meddle)) {}

  FileResult<void> start(const FileInfo&, std::uint64_t) override {
    ++starts;
    bytes.clear();
    return {};
  }

  asio::awaitable<FileResult<void>> write(std::string more) override {
    bytes += more;
    if (meddle_) {
      const auto meddle = std::exchange(meddle_, nullptr);
      co_await meddle();
    }
    co_return FileResult<void>();
  }

  int starts = 0;
  std::string bytes;

 private:
  std::function<asio::awaitable<void>()> meddle_;
};

}  // namespace pkv::test
