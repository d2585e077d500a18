#include "worker/undo_log.hpp"

#include "base/hash.hpp"
#include "wire/first_sequence.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <unordered_set>

namespace pkv {

/// What one write replaced; the bytes of the key and of the value follow.
struct UndoLog::Entry {
  Entry* later;  ///< In the same chain.
  Version version;
  Timestamp expires_at;
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
                     const std::optional<std::string_view>& before, Timestamp expires_at) noexcept {
  const std::size_t bytes = Entry::bytes_for(key.size(), before ? before->size() : 0);
  if (bytes > most_bytes_) {
    record_unknown(version);
    return;
  }
  while (bytes > most_bytes_ - bytes_) {
    know_from(oldest()->version);
    drop_oldest();
  }
  try {
    append(version, key, before, expires_at);
  } catch (const std::bad_alloc&) {
    record_unknown(version);
  }
}

void UndoLog::append(Version version, std::string_view key,
                     const std::optional<std::string_view>& before, Timestamp expires_at) {
  if (chains_.empty()) chains_.resize(chain_count);
  const std::string_view value = before.value_or(std::string_view());
  const std::size_t bytes = Entry::bytes_for(key.size(), value.size());
  const std::size_t index = chain_of(key);
  auto* const entry = new (entries_.push(bytes)) Entry{nullptr,
                                                       version,
                                                       expires_at,
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

void UndoLog::record_clear(Version version, std::shared_ptr<KVStore> former) noexcept {
  const std::size_t bytes = former->bytes();
  try {
    cleared_.push_back({version, bytes, std::move(former)});
  } catch (const std::bad_alloc&) {
    record_unknown(version);
    return;
  }
  cleared_bytes_ += bytes;
  while (cleared_.size() > 1 && cleared_bytes_ > most_bytes_)
    know_from(cleared_.front().version);
}

void UndoLog::record_unknown(Version version) noexcept {
  know_from(version);
  while (!entries_.empty()) {
    know_from(oldest()->version);
    drop_oldest();
  }
}

void UndoLog::forget(Version stable) noexcept {
  know_from(stable);
  while (!entries_.empty() && oldest()->version <= stable)
    drop_oldest();
}

Past UndoLog::find(std::string_view key, Version sequence) noexcept {
  if (!knows(sequence)) return {Past::Kind::forgotten};
  Cleared* const cleared = first_cleared_after(sequence);
  const Entry* entry = chains_.empty() ? nullptr : chains_[chain_of(key)].oldest;
  for (; entry != nullptr; entry = entry->later) {
    if (entry->version <= sequence || entry->key() != key) continue;
    if (cleared != nullptr && entry->version > cleared->version) break;
    if (!entry->existed) return {Past::Kind::absent};
    return {Past::Kind::value, entry->value(), entry->expires_at};
  }
  if (cleared == nullptr) return {Past::Kind::unchanged};
  // Between the sequence and the clear nobody has changed it.
  cleared->former->set_time(time_at(sequence));
  const result<ValueView> former = cleared->former->find(key);
  if (former) return {Past::Kind::value, former->value, former->expires_at};
  return {former.error() == errc::key_not_found ? Past::Kind::absent : Past::Kind::forgotten};
}

KVStore* UndoLog::former_store(Version sequence) noexcept {
  Cleared* const cleared = first_cleared_after(sequence);
  return cleared == nullptr ? nullptr : cleared->former.get();
}

void UndoLog::for_each_change(
    Version sequence,
    const std::function<void(std::string_view, const std::optional<ValueView>&)>& visit) {
  const Cleared* const cleared = first_cleared_after(sequence);
  const Version end = cleared == nullptr ? std::numeric_limits<Version>::max() : cleared->version;
  std::unordered_set<std::string_view> seen;
  for (const Chain& chain : chains_) {
    seen.clear();
    for (const Entry* entry = chain.oldest; entry != nullptr; entry = entry->later) {
      if (entry->version <= sequence || entry->version > end) continue;
      if (!seen.insert(entry->key()).second) continue;
      std::optional<ValueView> then;
      if (entry->existed) then = {entry->value(), Version{}, entry->expires_at};
      visit(entry->key(), then);
    }
  }
}

UndoLog::Cleared* UndoLog::first_cleared_after(Version sequence) noexcept {
  const auto found =
      std::find_if(cleared_.begin(), cleared_.end(),
                   [sequence](const Cleared& cleared) { return cleared.version > sequence; });
  return found == cleared_.end() ? nullptr : &*found;
}

/// Nothing before `version` can be asked for any more.
void UndoLog::know_from(Version version) noexcept {
  known_from_ = std::max(known_from_, version);
  while (!cleared_.empty() && cleared_.front().version <= known_from_) {
    cleared_bytes_ -= cleared_.front().bytes;
    cleared_.pop_front();
  }
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
