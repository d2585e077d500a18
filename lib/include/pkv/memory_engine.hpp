#pragma once

#include "pkv/errc.hpp"
#include "pkv/storage_engine.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

namespace pkv {

class ExpiryHeap;
class HashIndex;
class RecordHeap;
struct Record;

struct MemoryEngineOptions {
  using Hash = std::uint64_t (*)(std::string_view) noexcept;

  /// Writes that would take the records beyond this fail with errc::out_of_memory. The index is not
  /// counted; it adds about 15 bytes per entry.
  std::size_t max_record_bytes = std::numeric_limits<std::size_t>::max();
  /// Spreads the keys, and gives their scan positions in place of XXH3, which null means. Only
  /// engines with the same hash understand each other's cursors, and only those without one of
  /// their own can be scanned by what relies on scan_position(): entries are not copied rightly
  /// from any other.
  Hash hash = nullptr;
};

/// Keeps entries in memory, compactly and without pauses.
///
/// The index is a linear hash table: it grows and shrinks by one bucket at a time, so no write
/// waits for a rehash and memory follows the count at every size. The records lie densely in slabs
/// of their size class; an erased one is replaced by the last of its class, so nothing fragments
/// and memory goes back to the system as entries go. An entry costs its key and value, 16 bytes of
/// header, padding of at most an eighth, and about 15 bytes of index; one with a time of expiry 12
/// more, and 16 in a heap of them.
///
/// Thread safety: none. Engines share nothing.
/// Lifetime: see StorageEngine.
/// Errors: errc::out_of_memory only; the constructor throws std::bad_alloc.
class MemoryEngine final : public StorageEngine {
 public:
  MemoryEngine();
  explicit MemoryEngine(const MemoryEngineOptions& options);
  ~MemoryEngine() override;

  [[nodiscard]] result<ValueView> find(std::string_view key) override;
  [[nodiscard]] result<void> put(std::string_view key, std::string_view value, Version version,
                                 Timestamp expires_at = never) override;
  /// Keeps memory of which the entry fills most; there must be 40 bytes in it before the key.
  [[nodiscard]] result<void> adopt(ReceivedEntry& entry, Version version,
                                   Timestamp expires_at = never) override;
  /// Values beyond 16 KiB.
  [[nodiscard]] SharedValue share(std::string_view key) override;
  [[nodiscard]] result<std::size_t> append(std::string_view key, std::string_view tail,
                                           Version version) override;
  [[nodiscard]] result<void> set_expiry(std::string_view key, Version version,
                                        Timestamp expires_at) override;
  [[nodiscard]] result<bool> erase(std::string_view key, Timestamp now = never) override;
  [[nodiscard]] result<void> clear() override;
  /// Each of the two may then take as many bytes of records as the options say.
  [[nodiscard]] std::unique_ptr<StorageEngine> move_out() noexcept override;
  [[nodiscard]] result<ScanPage> scan(ScanCursor cursor, std::size_t count) override;
  [[nodiscard]] result<std::size_t> remove_expired(Timestamp now, std::size_t most) override;
  [[nodiscard]] std::size_t count() const noexcept override;
  [[nodiscard]] std::size_t count_expired(Timestamp now) const noexcept override;
  [[nodiscard]] Timestamp earliest_expiry() const noexcept override;
  [[nodiscard]] std::size_t count_expiring() const noexcept override;
  [[nodiscard]] std::size_t bytes() const noexcept override;
  void prefetch(std::span<const std::string_view> keys) const noexcept override;

 private:
  struct Entry;  // as it is to be written

  [[nodiscard]] Record* create(std::string_view key, const Entry& entry) noexcept;
  [[nodiscard]] Record* adopt(const Entry& entry) noexcept;
  [[nodiscard]] result<void> insert(std::uint64_t hash, std::string_view key, const Entry& entry);
  [[nodiscard]] result<void> replace(Record*& record, const Entry& entry);
  [[nodiscard]] bool enlarge(Record*& record, std::size_t value_bytes);
  void release(Record* record) noexcept;
  void release_large_records() noexcept;

  MemoryEngineOptions options_;
  std::unique_ptr<RecordHeap> heap_;
  std::unique_ptr<HashIndex> index_;
  std::unique_ptr<ExpiryHeap> expiries_;
};

}  // namespace pkv
