#pragma once

#include "wire/copying.hpp"
#include "worker/worker_support.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pkv::test {

/// Key to value and version.
using Entries = std::map<std::string, std::pair<std::string, Version>>;

inline Asked define(std::uint32_t set, const std::vector<wire::RingRange>& ranges) {
  ByteBuffer value;
  wire::append_ranges(value, set, ranges);
  return {wire::Opcode::define_ranges, {}, std::string(value.view())};
}

inline Asked asking(wire::Opcode opcode, const wire::CopyRequest& request) {
  ByteBuffer value;
  wire::append_copy_request(value, request);
  return {opcode, {}, std::string(value.view())};
}

/// A page that owns its bytes. `whole` is false when they are no page.
struct Page {
  bool whole = false;
  std::uint64_t next = 0;
  std::size_t count = 0;
  Entries entries;
};

inline Page read_page(const Answer& answer) {
  Page page;
  wire::PageReader reader(answer.value);
  page.next = reader.next_position();
  for (wire::CopiedEntry entry; reader.next(entry); ++page.count)
    page.entries[std::string(entry.key)] = {std::string(entry.value), entry.version};
  page.whole = answer.kind == wire::ReplyKind::value && reader.complete();
  return page;
}

/// All entries of a store.
inline Entries entries_of(KVStore& store) {
  Entries all;
  ScanCursor cursor = 0;
  do {
    const ScanPage page = store.scan(cursor, 100).value();
    for (const EntryView& entry : page.entries)
      all[std::string(entry.key)] = {std::string(entry.value), entry.version};
    cursor = page.next;
  } while (cursor != 0);
  return all;
}

}  // namespace pkv::test
