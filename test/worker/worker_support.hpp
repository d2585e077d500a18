#pragma once

#include "pkv/kv_store.hpp"
#include "pkv/memory_engine.hpp"

#include "wire/operation.hpp"
#include "wire/transport.hpp"
#include "wire/wire_reply.hpp"
#include "worker/dispatcher.hpp"

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace pkv::test {

/// An operation that owns its bytes.
struct Asked {
  wire::Opcode opcode;
  std::string key;
  std::string value;
  std::uint8_t flags = 0;
  std::int64_t expires_at = 0;  ///< Not 0: flagged with_expiry.
};

/// A reply that owns its bytes.
struct Answer {
  wire::ReplyKind kind = wire::ReplyKind::ok;
  std::int64_t integer = 0;
  errc error{};
  std::string value;

  friend bool operator==(const Answer&, const Answer&) = default;
};

inline Answer ok() {
  return {};
}
inline Answer nil() {
  return {wire::ReplyKind::nil, 0, {}, {}};
}
inline Answer integer(std::int64_t number) {
  return {wire::ReplyKind::integer, number, {}, {}};
}
inline Answer value(std::string bytes) {
  return {wire::ReplyKind::value, 0, {}, std::move(bytes)};
}
inline Answer error(errc why) {
  return {wire::ReplyKind::error, 0, why, {}};
}

/// The addend of Opcode::increment.
inline std::string addend(std::int64_t number) {
  std::string bytes(sizeof number, '\0');
  store(bytes.data(), number);
  return bytes;
}

inline constexpr NodeId node{7};
inline constexpr std::uint32_t epoch = 3;

inline wire::Frame request(const std::vector<Asked>& operations, std::uint64_t sequence = 100) {
  wire::Frame frame{ByteBuffer()};
  frame.header.node = node;
  frame.header.epoch = epoch;
  frame.header.slot = 2;
  frame.header.sequence = sequence;
  frame.header.count = static_cast<std::uint32_t>(operations.size());
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    const Asked& asked = operations[i];
    auto flags = asked.flags;
    if (asked.expires_at != 0) flags |= wire::with_expiry;
    wire::append_operation(frame.bytes(),
                           {asked.opcode, flags, i, asked.key, asked.value, asked.expires_at});
  }
  return frame;
}

/// The answers in a frame, which must be in order and whole.
inline std::vector<Answer> answers(const wire::Frame& frame) {
  std::vector<Answer> read;
  wire::ReplyReader reader(frame.body(), frame.header.count);
  wire::WireReply reply;
  while (reader.next(reply))
    read.push_back({reply.kind, reply.integer, reply.error, std::string(reply.value)});
  if (!reader.complete()) read.push_back(error(errc::malformed_frame));
  return read;
}

/// Keeps the frames of replies.
class Replies final : public ReplySink {
 public:
  [[nodiscard]] ByteBuffer take_buffer() override { return {}; }
  void send(wire::Frame reply) override { frames.push_back(std::move(reply)); }

  [[nodiscard]] std::vector<Answer> all() const {
    std::vector<Answer> every;
    for (const wire::Frame& frame : frames)
      for (Answer& answer : answers(frame))
        every.push_back(std::move(answer));
    return every;
  }

  std::vector<wire::Frame> frames;
};

/// A memory engine that notes what happens to it and can be told to fail.
class WatchedEngine final : public StorageEngine {
 public:
  [[nodiscard]] result<ValueView> find(std::string_view key) override {
    ++calls;
    if (no_memory) throw std::bad_alloc();
    return engine_.find(key);
  }
  [[nodiscard]] result<void> put(std::string_view key, std::string_view value, Version version,
                                 Timestamp expires_at) override {
    ++calls;
    versions.push_back(version);
    if (fail_put) return errc::out_of_memory;
    return engine_.put(key, value, version, expires_at);
  }
  [[nodiscard]] result<bool> erase(std::string_view key, Timestamp now) override {
    ++calls;
    if (fail_put)
      return result<bool>(boost::system::in_place_error, make_error_code(errc::storage_failure));
    return engine_.erase(key, now);
  }
  [[nodiscard]] result<void> clear() override {
    ++calls;
    return engine_.clear();
  }
  [[nodiscard]] std::unique_ptr<StorageEngine> move_out() noexcept override {
    return moves_out ? engine_.move_out() : nullptr;
  }
  [[nodiscard]] result<ScanPage> scan(ScanCursor cursor, std::size_t count) override {
    return engine_.scan(cursor, count);
  }
  [[nodiscard]] result<std::size_t> remove_expired(Timestamp now, std::size_t most) override {
    return engine_.remove_expired(now, most);
  }
  [[nodiscard]] std::size_t count() const noexcept override { return engine_.count(); }
  [[nodiscard]] std::size_t count_expired(Timestamp now) const noexcept override {
    return engine_.count_expired(now);
  }
  [[nodiscard]] Timestamp earliest_expiry() const noexcept override {
    return engine_.earliest_expiry();
  }
  [[nodiscard]] std::size_t count_expiring() const noexcept override {
    return engine_.count_expiring();
  }
  [[nodiscard]] std::size_t bytes() const noexcept override { return engine_.bytes(); }
  [[nodiscard]] result<void> begin_batch() override {
    ++begun;
    if (begun == fail_begin) return errc::storage_failure;
    return {};
  }
  void reach(Version version) noexcept override { reached = version; }
  [[nodiscard]] result<void> keep_record(Version place, Version settled,
                                         std::string_view writes) override {
    records.push_back({place, settled, std::string(writes), begun});
    return {};
  }
  [[nodiscard]] result<void> end_batch() override {
    ++ended;
    if (ended == fail_end) return errc::storage_failure;
    return {};
  }

  [[nodiscard]] result<void> flush() override {
    ++flushed;
    if (begun != ended) return errc::protocol_error;  // it would not be on the disk
    if (fail_flush) return errc::storage_failure;
    return {};
  }

  std::size_t calls = 0;
  std::size_t flushed = 0;
  bool fail_flush = false;
  bool no_memory = false;  ///< For what find() finds.
  std::size_t begun = 0;
  std::size_t ended = 0;
  std::size_t fail_begin = 0;  ///< Which begin_batch fails; 0: none.
  std::size_t fail_end = 0;    ///< Which end_batch fails; 0: none.
  bool fail_put = false;
  bool moves_out = true;  ///< Whether it can.
  std::vector<Version> versions;
  struct Record {
    Version place;
    Version settled;
    std::string writes;
    std::size_t batch;  ///< Counted from 1.

    friend bool operator==(const Record&, const Record&) = default;
  };
  std::vector<Record> records;
  Version reached = 0;

 private:
  MemoryEngine engine_;
};

/// A dispatcher on a watched engine.
struct Bench {
  explicit Bench(std::size_t part_bytes = std::size_t{256} << 10, const Limits& limits = {})
      : Bench(std::make_unique<WatchedEngine>(), part_bytes, limits) {}

  /// Runs one request and returns all answers.
  std::vector<Answer> run(const std::vector<Asked>& operations) {
    Replies replies;
    const result<void> done = dispatcher.run(request(operations), replies);
    if (!done) return {error(errc::malformed_frame)};
    return replies.all();
  }
  Answer run_one(const Asked& operation) { return run({operation}).front(); }

  WatchedEngine& engine;
  KVStore store;
  Dispatcher dispatcher;

 private:
  Bench(std::unique_ptr<WatchedEngine> owned, std::size_t part_bytes, const Limits& limits)
      : engine(*owned),
        store(std::move(owned), limits),
        dispatcher(store, node, epoch, part_bytes) {}
};

}  // namespace pkv::test
