#pragma once

#include "pkv/errc.hpp"
#include "pkv/limits.hpp"
#include "pkv/storage_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pkv {

/// When a write happens.
enum class Condition { always, if_absent, if_present };

/// The entries of one node, with the operations that clients know: what a worker holds, and a map
/// for a program that wants one in its own process.
///
///     pkv::KVStore store;
///     store.create("color", "red");
///     pkv::result<std::string> color = store.read("color");
///
/// Every write may be given its version. Without one it takes the number after the newest version
/// that the store has written. An entry may have a time of expiry: it is as absent from then on, by
/// the time that set_time() has set last, as one that was erased.
///
/// Requires, everywhere: no argument points into the store (a view from `find`).
/// Thread safety: none; one thread at a time.
/// Lifetime: views are valid until the next non-const function is called.
/// Errors: errc::key_too_long and value_too_long by the limits, out_of_memory and storage_failure
/// from the engine, and those named at the functions. A call that failed has changed nothing.
class KVStore {
 public:
  static constexpr Version next_version = 0;

  /// Holds its entries in memory.
  explicit KVStore(const Limits& limits = {});
  /// Throws std::invalid_argument if the limits exceed what the formats can carry.
  explicit KVStore(std::unique_ptr<StorageEngine> engine, const Limits& limits = {});

  /// Adds an entry. Errors: key_exists.
  result<void> create(std::string_view key, std::string_view value, Version version = next_version);
  /// Errors: key_not_found.
  [[nodiscard]] result<std::string> read(std::string_view key);
  /// Replaces a value. Errors: key_not_found.
  result<void> update(std::string_view key, std::string_view value, Version version = next_version);
  /// Errors: key_not_found.
  result<void> erase(std::string_view key);

  /// Adds an entry or replaces it, its time of expiry included.
  result<void> put(std::string_view key, std::string_view value, Version version = next_version,
                   Timestamp expires_at = never);
  /// What put() does, of an entry that has come in memory of its own; see StorageEngine.
  [[nodiscard]] result<void> adopt(ReceivedEntry& entry, Version version = next_version,
                                   Timestamp expires_at = never);
  /// Puts if the condition holds; returns whether it did.
  result<bool> put_if(Condition condition, std::string_view key, std::string_view value,
                      Version version = next_version, Timestamp expires_at = never);
  /// Puts if the condition holds; returns the value that was there before in either case.
  result<std::optional<std::string>> exchange(std::string_view key, std::string_view value,
                                              Condition condition = Condition::always,
                                              Version version = next_version);
  /// Removes an entry and returns its value. Errors: key_not_found.
  result<std::string> take(std::string_view key);

  /// Gives an entry a time of expiry, or `never`; one that has come removes it. Errors:
  /// key_not_found.
  result<void> expire(std::string_view key, Timestamp expires_at, Version version = next_version);

  /// Adds to the end of a value, which is empty if there is none; returns its new length. The time
  /// of expiry stays, here and with increment().
  result<std::size_t> append(std::string_view key, std::string_view tail,
                             Version version = next_version);
  /// Adds to a value that is a decimal number, 0 if there is none; returns the new number.
  /// Errors: not_an_integer, integer_overflow.
  result<std::int64_t> increment(std::string_view key, std::int64_t delta,
                                 Version version = next_version);

  /// The value in place, without a copy. Errors: key_not_found.
  [[nodiscard]] result<ValueView> find(std::string_view key);
  /// The same for an entry that has expired and has not been removed yet, too.
  [[nodiscard]] result<ValueView> find_even_expired(std::string_view key);
  /// Holds on to what find() has found, if the engine can; see StorageEngine.
  [[nodiscard]] SharedValue share(std::string_view key) { return engine_->share(key); }
  [[nodiscard]] result<bool> exists(std::string_view key);
  /// The length of the value. Errors: key_not_found.
  [[nodiscard]] result<std::size_t> length(std::string_view key);

  /// See StorageEngine::scan and scan_keys. Without those that have expired.
  [[nodiscard]] result<ScanPage> scan(ScanCursor cursor, std::size_t count);
  [[nodiscard]] result<ScanPage> scan_keys(ScanCursor cursor, std::size_t count);

  /// Without those that have expired. Takes time in proportion to the expired ones that have not
  /// been removed yet.
  [[nodiscard]] std::size_t size() const noexcept {
    return engine_->count() - engine_->count_expired(now_);
  }

  /// With those that have expired and have not been removed yet.
  [[nodiscard]] std::size_t size_even_expired() const noexcept { return engine_->count(); }

  /// How many have a time of expiry.
  [[nodiscard]] std::size_t expiring() const noexcept {
    return engine_->count_expiring() - engine_->count_expired(now_);
  }

  /// The earliest time of expiry of all, also of those that have not been removed yet.
  [[nodiscard]] Timestamp earliest_expiry() const noexcept { return engine_->earliest_expiry(); }

  [[nodiscard]] bool empty() const noexcept { return size() == 0; }

  /// The memory that the entries and their index take, about.
  [[nodiscard]] std::size_t bytes() const noexcept { return engine_->bytes(); }

  /// The time that everything goes by: an entry whose time of expiry has come is as if it were not
  /// there. Before the first call, nothing has expired.
  void set_time(Timestamp now) noexcept { now_ = now; }

  [[nodiscard]] Timestamp time() const noexcept { return now_; }

  /// Gives the memory of expired entries back; see StorageEngine. Nobody can tell that it was
  /// called, unless the time is set back. Requires: `expired_at` is not after the time.
  [[nodiscard]] result<std::size_t> remove_expired(Timestamp expired_at, std::size_t most) {
    return engine_->remove_expired(expired_at, most);
  }

  result<void> clear();

  /// Moves all entries into a store of their own, in no time for each; this one is empty then.
  /// Nothing, and nothing has changed, if the engine cannot do that.
  [[nodiscard]] std::optional<KVStore> move_out() noexcept;

  /// The writes until end_batch belong together; see StorageEngine.
  [[nodiscard]] result<void> begin_batch() { return engine_->begin_batch(); }

  void reach(Version version) noexcept { engine_->reach(version); }

  [[nodiscard]] result<void> keep_record(Version place, Version settled, std::string_view writes) {
    return engine_->keep_record(place, settled, writes);
  }

  [[nodiscard]] result<void> end_batch() { return engine_->end_batch(); }

  [[nodiscard]] result<void> flush() { return engine_->flush(); }

  void rest() noexcept { engine_->rest(); }

  /// Fetches the memory of keys about to be used; best called with a few dozen at a time.
  void prefetch(std::span<const std::string_view> keys) const noexcept { engine_->prefetch(keys); }

  void prefetch(std::string_view key) const noexcept { engine_->prefetch({&key, 1}); }

  [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

 private:
  [[nodiscard]] result<bool> matches(Condition condition, std::string_view key);
  [[nodiscard]] result<ScanPage> without_expired(result<ScanPage> page) const;
  [[nodiscard]] result<void> write(std::string_view key, std::string_view value, Version version,
                                   Timestamp expires_at);
  [[nodiscard]] Version claim(Version version) noexcept;

  std::unique_ptr<StorageEngine> engine_;
  Limits limits_;
  Version newest_version_;
  Timestamp now_ = never;
};

}  // namespace pkv
