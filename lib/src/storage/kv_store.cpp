#include "pkv/kv_store.hpp"

#include "pkv/memory_engine.hpp"

#include "base/decimal.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace pkv {
namespace {

// An error_code converts to bool too, so result<bool> wants to be told what it is given.
result<bool> failed(const boost::system::error_code& error) {
  return result<bool>(boost::system::in_place_error, error);
}

}  // namespace

KVStore::KVStore(const Limits& limits) : KVStore(std::make_unique<MemoryEngine>(), limits) {}

KVStore::KVStore(std::unique_ptr<StorageEngine> engine, const Limits& limits)
    : engine_(std::move(engine)), limits_(limits), newest_version_(engine_->newest_version()) {
  if (limits.max_key_bytes > largest_max_key_bytes) {
    throw std::invalid_argument("max_key_bytes is more than a record can carry");
  }
  if (limits.max_value_bytes > largest_max_value_bytes) {
    throw std::invalid_argument("max_value_bytes is more than a record can carry");
  }
}

// On every write's way: inline, so they come before what calls them.

inline Version KVStore::claim(Version version) noexcept {
  const Version claimed = version == next_version ? newest_version_ + 1 : version;
  newest_version_ = std::max(newest_version_, claimed);
  return claimed;
}

/// Requires: the key is within its limit.
inline result<void> KVStore::write(std::string_view key, std::string_view value, Version version,
                                   Timestamp expires_at) {
  if (value.size() > limits_.max_value_bytes) return errc::value_too_long;
  return engine_->put(key, value, claim(version), expires_at);
}

result<void> KVStore::create(std::string_view key, std::string_view value, Version version) {
  const result<bool> written = put_if(Condition::if_absent, key, value, version);
  if (!written) return written.error();
  if (!*written) return errc::key_exists;
  return {};
}

result<std::string> KVStore::read(std::string_view key) {
  const result<ValueView> found = find(key);
  if (!found) return found.error();
  return std::string(found->value);
}

result<void> KVStore::update(std::string_view key, std::string_view value, Version version) {
  const result<bool> written = put_if(Condition::if_present, key, value, version);
  if (!written) return written.error();
  if (!*written) return errc::key_not_found;
  return {};
}

result<void> KVStore::erase(std::string_view key) {
  if (key.size() > limits_.max_key_bytes) return errc::key_too_long;
  const result<bool> erased = engine_->erase(key, now_);
  if (!erased) return erased.error();
  if (!*erased) return errc::key_not_found;
  return {};
}

result<void> KVStore::put(std::string_view key, std::string_view value, Version version,
                          Timestamp expires_at) {
  if (key.size() > limits_.max_key_bytes) return errc::key_too_long;
  return write(key, value, version, expires_at);
}

result<void> KVStore::adopt(ReceivedEntry& entry, Version version, Timestamp expires_at) {
  if (entry.key.size() > limits_.max_key_bytes) return errc::key_too_long;
  if (entry.value.size() > limits_.max_value_bytes) return errc::value_too_long;
  return engine_->adopt(entry, claim(version), expires_at);
}

result<bool> KVStore::put_if(Condition condition, std::string_view key, std::string_view value,
                             Version version, Timestamp expires_at) {
  // Too long a value is an error whether or not it would be written: the answer must not depend on
  // what others have stored.
  if (value.size() > limits_.max_value_bytes) return errc::value_too_long;
  result<bool> holds = matches(condition, key);
  if (!holds || !*holds) return holds;
  const result<void> written = write(key, value, version, expires_at);
  if (!written) return failed(written.error());
  return true;
}

result<std::optional<std::string>> KVStore::exchange(std::string_view key, std::string_view value,
                                                     Condition condition, Version version) {
  std::optional<std::string> before;
  const result<ValueView> found = find(key);
  if (found) {
    before.emplace(found->value);
  } else if (found.error() != errc::key_not_found) {
    return found.error();
  }
  const result<bool> written = put_if(condition, key, value, version);
  if (!written) return written.error();
  return before;
}

result<std::string> KVStore::take(std::string_view key) {
  result<std::string> taken = read(key);
  if (!taken) return taken;
  const result<void> erased = erase(key);
  if (!erased) return erased.error();
  return taken;
}

result<std::size_t> KVStore::append(std::string_view key, std::string_view tail, Version version) {
  const result<std::size_t> present = length(key);
  if (!present && present.error() != errc::key_not_found) return present.error();
  const std::size_t before = present ? *present : 0;
  if (tail.size() > limits_.max_value_bytes - before) return errc::value_too_long;
  if (present) return engine_->append(key, tail, claim(version));
  // The engine may still hold one that has expired.
  const result<void> written = write(key, tail, version, never);
  if (!written) return written.error();
  return tail.size();
}

result<std::int64_t> KVStore::increment(std::string_view key, std::int64_t delta, Version version) {
  std::optional<std::int64_t> number = 0;
  Timestamp expires_at = never;
  const result<ValueView> found = find(key);
  if (found) {
    number = parse_integer(found->value);
    expires_at = found->expires_at;
  } else if (found.error() != errc::key_not_found) {
    return found.error();
  }
  if (!number) return errc::not_an_integer;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(*number, delta, &sum)) return errc::integer_overflow;
  const result<void> written = write(key, Decimal(sum).view(), version, expires_at);
  if (!written) return written.error();
  return sum;
}

result<void> KVStore::expire(std::string_view key, Timestamp expires_at, Version version) {
  const result<ValueView> found = find(key);
  if (!found) return found.error();
  if (has_expired(expires_at, now_)) return erase(key);
  return engine_->set_expiry(key, claim(version), expires_at);
}

result<ValueView> KVStore::find_even_expired(std::string_view key) {
  if (key.size() > limits_.max_key_bytes) return errc::key_too_long;
  return engine_->find(key);
}

result<ValueView> KVStore::find(std::string_view key) {
  if (key.size() > limits_.max_key_bytes) return errc::key_too_long;
  result<ValueView> found = engine_->find(key);
  if (found && has_expired(found->expires_at, now_)) [[unlikely]]
    return errc::key_not_found;
  return found;
}

result<bool> KVStore::exists(std::string_view key) {
  const result<ValueView> found = find(key);
  if (!found && found.error() != errc::key_not_found) return failed(found.error());
  return found.has_value();
}

result<std::size_t> KVStore::length(std::string_view key) {
  const result<ValueView> found = find(key);
  if (!found) return found.error();
  return found->value.size();
}

result<ScanPage> KVStore::without_expired(result<ScanPage> page) const {
  if (page)
    std::erase_if(page->entries,
                  [this](const EntryView& entry) { return has_expired(entry.expires_at, now_); });
  return page;
}

result<ScanPage> KVStore::scan(ScanCursor cursor, std::size_t count) {
  return without_expired(engine_->scan(cursor, count));
}

result<ScanPage> KVStore::scan_keys(ScanCursor cursor, std::size_t count) {
  return without_expired(engine_->scan_keys(cursor, count));
}

result<void> KVStore::clear() {
  return engine_->clear();
}

std::optional<KVStore> KVStore::move_out() noexcept {
  std::unique_ptr<StorageEngine> moved = engine_->move_out();
  if (moved == nullptr) return std::nullopt;
  std::optional<KVStore> former(std::in_place, std::move(moved), limits_);
  former->set_time(now_);
  return former;
}

result<bool> KVStore::matches(Condition condition, std::string_view key) {
  if (key.size() > limits_.max_key_bytes) return errc::key_too_long;
  if (condition == Condition::always) return true;
  const result<bool> present = exists(key);
  if (!present) return present;
  return *present == (condition == Condition::if_present);
}

}  // namespace pkv
