#include "worker/undo_log.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace pkv {

/// What one write replaced; the bytes of the key and of the value follow.
struct UndoLog::Entry {
  Entry* later;  ///< In the same chain.
  Version version;
  std::uint32_t key_bytes;
  std::uint32_t value_bytes;
  std::uint32_t chain;
  bool existed;

  [[nodiscard]] static std::size_t bytes_for(std::size_t key_size,
                                             std::size_t value_size) noexcept {
    constexpr std::size_t mask = ByteFifo::alignment - 1;
    return (sizeof(Entry) + key_size + value_size + mask) & ~mask;
  }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_for(key_bytes, value_bytes); }

  [[nodiscard]] char* begin() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* begin() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }
  [[nodiscard]] std::string_view key() const noexcept { return {begin(), key_bytes}; }
  [[nodiscard]] std::string_view value() const noexcept {
    return {begin() + key_bytes, value_bytes};
  }
};

std::size_t UndoLog::chain_of(std::string_view key) noexcept {
  return hash_bytes(key) % chain_count;
}

void UndoLog::record(Version version, std::string_view key,
                     const std::optional<std::string_view>& before) noexcept {
  const std::size_t bytes = Entry::bytes_for(key.size(), before ? before->size() : 0);
  if (bytes > most_bytes_) {
    record_unknown(version);
    return;
  }
  while (bytes > most_bytes_ - bytes_) {
    known_from_ = std::max(known_from_, oldest()->version);
    drop_oldest();
  }
  try {
    append(version, key, before);
  } catch (const std::bad_alloc&) {
    record_unknown(version);
  }
}

void UndoLog::append(Version version, std::string_view key,
                     const std::optional<std::string_view>& before) {
  if (chains_.empty()) chains_.resize(chain_count);
  const std::string_view value = before.value_or(std::string_view());
  const std::size_t bytes = Entry::bytes_for(key.size(), value.size());
  const std::size_t index = chain_of(key);
  auto* const entry = new (entries_.push(bytes)) Entry{nullptr,
                                                       version,
                                                       static_cast<std::uint32_t>(key.size()),
                                                       static_cast<std::uint32_t>(value.size()),
                                                       static_cast<std::uint32_t>(index),
                                                       before.has_value()};
  if (!key.empty()) std::memcpy(entry->begin(), key.data(), key.size());
  if (!value.empty()) std::memcpy(entry->begin() + key.size(), value.data(), value.size());
  bytes_ += bytes;

  Chain& chain = chains_[index];
  (chain.oldest == nullptr ? chain.oldest : chain.newest->later) = entry;
  chain.newest = entry;
}

void UndoLog::record_clear(Version version) noexcept {
  newest_clear_ = std::max(newest_clear_, version);
}

void UndoLog::record_unknown(Version version) noexcept {
  known_from_ = std::max(known_from_, version);
  while (!entries_.empty()) {
    known_from_ = std::max(known_from_, oldest()->version);
    drop_oldest();
  }
}

void UndoLog::forget(Version stable) noexcept {
  known_from_ = std::max(known_from_, stable);
  while (!entries_.empty() && oldest()->version <= stable)
    drop_oldest();
}

Past UndoLog::find(std::string_view key, Version sequence) const noexcept {
  if (sequence < known_from_) return {Past::Kind::forgotten};
  const Entry* entry = chains_.empty() ? nullptr : chains_[chain_of(key)].oldest;
  for (; entry != nullptr; entry = entry->later) {
    if (entry->version <= sequence || entry->key() != key) continue;
    if (!entry->existed) return {Past::Kind::absent};
    return {Past::Kind::value, entry->value()};
  }
  return {sequence < newest_clear_ ? Past::Kind::absent : Past::Kind::unchanged};
}

const UndoLog::Entry* UndoLog::oldest() noexcept {
  return std::launder(reinterpret_cast<const Entry*>(entries_.front()));
}

void UndoLog::drop_oldest() noexcept {
  const Entry* const entry = oldest();
  // The oldest of all is the oldest of its chain.
  chains_[entry->chain].oldest = entry->later;
  const std::size_t bytes = entry->bytes();
  bytes_ -= bytes;
  entries_.pop(bytes);
}

}  // namespace pkv
