#include "worker/copying.hpp"

#include "base/hash.hpp"
#include "storage/scan_position.hpp"
#include "wire/copying.hpp"
#include "wire/first_sequence.hpp"
#include "wire/wire_reply.hpp"
#include "worker/listing.hpp"
#include "worker/page_answer.hpp"
#include "worker/page_walk.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pkv {
namespace {

// As many keys as the memory system can usefully fetch at a time.
constexpr std::size_t prefetched_entries = 32;

// What is erased leaves none.
constexpr Version no_version = std::numeric_limits<Version>::max();

/// What a page is to be taken of.
struct Wanted {
  wire::CopyRequest request;
  const RangeSet& ranges;
};

std::optional<Wanted> read_wanted(const RangeSets& sets, std::string_view value) noexcept {
  const std::optional<wire::CopyRequest> request = wire::read_copy_request(value);
  if (!request) return std::nullopt;
  const RangeSet* const ranges = sets.find(request->set);
  if (ranges == nullptr) return std::nullopt;
  return Wanted{*request, *ranges};
}

bool is_sound(wire::PageReader page) noexcept {
  wire::CopiedEntry entry;
  while (page.next(entry)) {
  }
  return page.complete();
}

/// Counts a page's entries.
result<wire::CountedPage> count(KVStore& store, const Wanted& wanted) {
  wire::CopyRequest request = wanted.request;
  request.most_bytes = std::numeric_limits<std::uint32_t>::max();
  wire::CountedPage counted;
  const auto next = walk_page(store, wanted.ranges, request, [&](const EntryView& entry) {
    ++counted.keys;
    counted.bytes += entry.key.size() + entry.value.size();
  });
  if (!next) return next.error();
  counted.next = *next;
  return counted;
}

void append_counted(ByteBuffer& to, const wire::CountedPage& counted) {
  const std::size_t reply_at = to.size();
  wire::begin_reply(to, wire::ReplyKind::value, 0);
  wire::append_counted_page(to, counted);
  wire::finish_value(to, reply_at);
}

}  // namespace

void Copying::run(const wire::Operation& operation, ByteBuffer& to) {
  append_or_fail(to, [&] { return append_answer(operation, to); });
}

void Copying::count_as_of(const wire::Operation& operation, Version sequence, UndoLog& log,
                          ByteBuffer& to) {
  append_or_fail(to, [&] { return count_past(operation, sequence, log, to); });
}

result<void> Copying::append_answer(const wire::Operation& operation, ByteBuffer& to) {
  switch (operation.opcode) {
    case wire::Opcode::define_ranges:
      return define_ranges(operation, to);
    case wire::Opcode::copy_page:
      return copy_page(operation, to);
    case wire::Opcode::copy_in:
      return copy_in(operation, to);
    case wire::Opcode::erase_page:
      return erase_page(operation, to);
    case wire::Opcode::count_page:
      return count_page(operation, to);
    case wire::Opcode::list_keys:
      return list_keys(operation, to);
    default:
      return errc::malformed_frame;
  }
}

result<void> Copying::define_ranges(const wire::Operation& operation, ByteBuffer& to) {
  const auto ranges = wire::RangesView::read(operation.value);
  if (!ranges) return errc::malformed_frame;
  if (const result<void> defined = sets_.define(*ranges); !defined) return defined;
  wire::append_ok(to);
  return {};
}

result<void> Copying::copy_page(const wire::Operation& operation, ByteBuffer& to) {
  const auto wanted = read_wanted(sets_, operation.value);
  if (!wanted) return errc::malformed_frame;

  return append_page(to, [&](const auto& visit) {
    return walk_page(store_, wanted->ranges, wanted->request, visit);
  });
}

result<void> Copying::copy_in(const wire::Operation& operation, ByteBuffer& to) {
  wire::PageReader page(operation.value);
  if (!is_sound(page)) return errc::malformed_frame;

  std::array<wire::CopiedEntry, prefetched_entries> entries;
  std::array<std::string_view, prefetched_entries> keys;
  while (page.left() > 0) {
    std::size_t count = 0;
    for (; count < prefetched_entries && page.next(entries[count]); ++count)
      keys[count] = entries[count].key;
    store_.prefetch({keys.data(), count});
    for (std::size_t i = 0; i < count; ++i) {
      const wire::CopiedEntry& entry = entries[i];
      if (views_.any()) views_.before_write(entry.key, entry.version);
      const result<void> stored =
          store_.put(entry.key, entry.value, entry.version, entry.expires_at);
      if (!stored) return stored;
    }
  }
  wire::append_ok(to);
  return {};
}

result<void> Copying::erase_page(const wire::Operation& operation, ByteBuffer& to) {
  const auto wanted = read_wanted(sets_, operation.value);
  if (!wanted) return errc::malformed_frame;

  // Copied, as erasing one entry takes the ground from under the views of the others.
  std::vector<std::string> keys;
  const auto next = walk_page(store_, wanted->ranges, wanted->request,
                              [&](const EntryView& entry) { keys.emplace_back(entry.key); });
  if (!next) return next.error();
  for (const std::string& key : keys) {
    if (views_.any()) views_.before_write(key, no_version);
    if (const result<void> erased = store_.erase(key); !erased) return erased;
  }
  const std::size_t reply_at = to.size();
  wire::begin_reply(to, wire::ReplyKind::value, 0);
  wire::append_erased_page(to, {*next, keys.size()});
  wire::finish_value(to, reply_at);
  return {};
}

result<void> Copying::count_page(const wire::Operation& operation, ByteBuffer& to) {
  const auto wanted = read_wanted(sets_, operation.value);
  if (!wanted) return errc::malformed_frame;

  const result<wire::CountedPage> counted = count(store_, *wanted);
  if (!counted) return counted.error();
  append_counted(to, *counted);
  return {};
}

result<void> Copying::list_keys(const wire::Operation& operation, ByteBuffer& to) {
  const auto request = wire::read_list_request(operation.value);
  if (!request) return errc::malformed_frame;
  const RangeSet* const ranges = sets_.find(request->set);
  if (ranges == nullptr) return errc::malformed_frame;
  return append_key_page(store_, *ranges, *request, to);
}

result<void> Copying::count_past(const wire::Operation& operation, Version sequence, UndoLog& log,
                                 ByteBuffer& to) {
  const auto wanted = read_wanted(sets_, operation.value);
  if (!wanted) return errc::malformed_frame;
  if (!log.knows(sequence)) return errc::node_down;

  KVStore* const former = log.former_store(sequence);
  KVStore& store = former == nullptr ? store_ : *former;
  store.set_time(time_at(sequence));
  result<wire::CountedPage> counted = count(store, *wanted);
  if (!counted) return counted.error();
  log.for_each_change(sequence, [&](std::string_view key, const std::optional<ValueView>& then) {
    const std::uint64_t hash = hash_bytes(key);
    const std::uint64_t position = position_of(hash);
    if (position < wanted->request.from || position >= counted->next ||
        !wanted->ranges.contains(hash))
      return;
    if (const result<ValueView> later = store.find(key)) {
      --counted->keys;
      counted->bytes -= key.size() + later->value.size();
    }
    if (then && !has_expired(then->expires_at, time_at(sequence))) {
      ++counted->keys;
      counted->bytes += key.size() + then->value.size();
    }
  });
  append_counted(to, *counted);
  return {};
}

}  // namespace pkv
