#include "wire/copying.hpp"

#include "base/endian.hpp"

#include <cassert>
#include <cstring>
#include <limits>

namespace pkv::wire {
namespace {

constexpr std::size_t range_bytes = 16;

}  // namespace

void append_ranges(ByteBuffer& to, std::uint32_t set, std::span<const RingRange> ranges) {
  char* at = to.extend(sizeof set + ranges.size() * range_bytes);
  at = store(at, set);
  for (const RingRange& range : ranges) {
    at = store(at, range.first);
    at = store(at, range.last);
  }
}

std::optional<RangesView> RangesView::read(std::string_view value) noexcept {
  if (value.size() < sizeof set_ || (value.size() - sizeof set_) % range_bytes != 0)
    return std::nullopt;
  const RangesView ranges(load<std::uint32_t>(value.data()), value.substr(sizeof set_));
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const RingRange range = ranges[i];
    if (range.first > range.last) return std::nullopt;
    if (i > 0 && range.first <= ranges[i - 1].last) return std::nullopt;
  }
  return ranges;
}

std::size_t RangesView::size() const noexcept {
  return ranges_.size() / range_bytes;
}

RingRange RangesView::operator[](std::size_t index) const noexcept {
  assert(index < size());
  const char* from = ranges_.data() + index * range_bytes;
  return {load<std::uint64_t>(from), load<std::uint64_t>(from + 8)};
}

void append_copy_request(ByteBuffer& to, const CopyRequest& request) {
  char* at = to.extend(copy_request_bytes);
  at = store(at, request.set);
  at = store(at, request.from);
  at = store(at, request.to);
  at = store(at, request.most_bytes);
  store(at, request.most_entries);
}

std::optional<CopyRequest> read_copy_request(std::string_view value) noexcept {
  if (value.size() != copy_request_bytes) return std::nullopt;
  CopyRequest request;
  request.set = load<std::uint32_t>(value.data());
  request.from = load<std::uint64_t>(value.data() + 4);
  request.to = load<std::uint64_t>(value.data() + 12);
  request.most_bytes = load<std::uint32_t>(value.data() + 20);
  request.most_entries = load<std::uint32_t>(value.data() + 24);
  if (request.from > request.to || request.to > scan_end) return std::nullopt;
  return request;
}

void store_page_head(char* to, std::uint64_t next, std::uint32_t count) noexcept {
  store(store(to, next), count);
}

void append_entry(ByteBuffer& to, const CopiedEntry& entry) {
  assert(entry.key.size() <= std::numeric_limits<std::uint32_t>::max());
  assert(entry.value.size() <= std::numeric_limits<std::uint32_t>::max());
  char* at = to.extend(encoded_bytes(entry));
  at = store(at, static_cast<std::uint32_t>(entry.key.size()));
  at = store(at, static_cast<std::uint32_t>(entry.value.size()));
  at = store(at, entry.version);
  at = store(at, entry.expires_at);
  if (!entry.key.empty()) std::memcpy(at, entry.key.data(), entry.key.size());
  at += entry.key.size();
  if (!entry.value.empty()) std::memcpy(at, entry.value.data(), entry.value.size());
}

PageReader::PageReader(std::string_view page) noexcept {
  if (page.size() < page_head_bytes) return;
  next_position_ = load<std::uint64_t>(page.data());
  left_ = load<std::uint32_t>(page.data() + 8);
  rest_ = page.substr(page_head_bytes);
  sound_ = next_position_ <= scan_end;
}

bool PageReader::next(CopiedEntry& entry) noexcept {
  if (left_ == 0 || rest_.size() < entry_overhead_bytes) return false;
  const char* from = rest_.data();
  const std::uint64_t key_bytes = load<std::uint32_t>(from);
  const std::uint64_t value_bytes = load<std::uint32_t>(from + 4);
  if (key_bytes + value_bytes > rest_.size() - entry_overhead_bytes) return false;

  entry.version = load<std::uint64_t>(from + 8);
  entry.expires_at = load<std::int64_t>(from + 16);
  entry.key = {from + entry_overhead_bytes, key_bytes};
  entry.value = {from + entry_overhead_bytes + key_bytes, value_bytes};
  rest_.remove_prefix(entry_overhead_bytes + key_bytes + value_bytes);
  --left_;
  return true;
}

void append_erased_page(ByteBuffer& to, const ErasedPage& page) {
  store(store(to.extend(erased_page_bytes), page.next), page.erased);
}

std::optional<ErasedPage> read_erased_page(std::string_view value) noexcept {
  if (value.size() != erased_page_bytes) return std::nullopt;
  const ErasedPage page{load<std::uint64_t>(value.data()), load<std::uint64_t>(value.data() + 8)};
  if (page.next > scan_end) return std::nullopt;
  return page;
}

void append_counted_page(ByteBuffer& to, const CountedPage& page) {
  store(store(store(to.extend(counted_page_bytes), page.next), page.keys), page.bytes);
}

std::optional<CountedPage> read_counted_page(std::string_view value) noexcept {
  if (value.size() != counted_page_bytes) return std::nullopt;
  const CountedPage page{load<std::uint64_t>(value.data()), load<std::uint64_t>(value.data() + 8),
                         load<std::uint64_t>(value.data() + 16)};
  if (page.next > scan_end) return std::nullopt;
  return page;
}

}  // namespace pkv::wire
