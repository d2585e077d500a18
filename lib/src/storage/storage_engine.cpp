#include "pkv/storage_engine.hpp"

#include "base/hash.hpp"
#include "storage/scan_position.hpp"

#include <string>

namespace pkv {

ScanCursor scan_position(std::string_view key) noexcept {
  return position_of(hash_bytes(key));
}

result<void> StorageEngine::adopt(ReceivedEntry& entry, Version version, Timestamp expires_at) {
  return put(entry.key, entry.value, version, expires_at);
}

SharedValue StorageEngine::share(std::string_view) {
  return {};
}

result<std::size_t> StorageEngine::append(std::string_view key, std::string_view tail,
                                          Version version) {
  std::string joined;
  Timestamp expires_at = never;
  const result<ValueView> present = find(key);
  if (present) {
    joined = present->value;
    expires_at = present->expires_at;
  } else if (present.error() != errc::key_not_found) {
    return present.error();
  }
  joined += tail;
  if (result<void> written = put(key, joined, version, expires_at); !written)
    return written.error();
  return joined.size();
}

result<void> StorageEngine::set_expiry(std::string_view key, Version version,
                                       Timestamp expires_at) {
  const result<ValueView> present = find(key);
  if (!present) return present.error();
  const std::string value(present->value);
  return put(key, value, version, expires_at);
}

result<ScanPage> StorageEngine::scan_keys(ScanCursor cursor, std::size_t count) {
  return scan(cursor, count);
}

std::unique_ptr<StorageEngine> StorageEngine::move_out() noexcept {
  return nullptr;
}

Version StorageEngine::newest_version() const noexcept {
  return 0;
}

void StorageEngine::prefetch(std::span<const std::string_view>) const noexcept {}

result<void> StorageEngine::begin_batch() {
  return {};
}

void StorageEngine::reach(Version) noexcept {}

result<void> StorageEngine::keep_record(Version, Version, std::string_view) {
  return {};
}

result<void> StorageEngine::end_batch() {
  return {};
}

result<void> StorageEngine::flush() {
  return {};
}

void StorageEngine::rest() noexcept {}

}  // namespace pkv
