#pragma once

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "wire/copying.hpp"
#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"

#include <cstddef>
#include <cstdint>
#include <new>

namespace pkv {

/// Appends what `append` does, or an error if that fails or finds no memory.
template <class Append>
void append_or_fail(ByteBuffer& to, Append append) {
  const std::size_t before = to.size();
  result<void> done;
  try {
    done = append();
  } catch (const std::bad_alloc&) {
    done = errc::out_of_memory;
  }
  if (done) return;
  to.drop_back(to.size() - before);
  append_errc(to, done.error());
}

/// Appends a page as wire/copying.hpp describes it, of the entries that `walk(visit)` visits;
/// `walk` returns where the next page starts. After a failure, what was appended so far is no
/// answer. Errors: those of `walk`; errc::value_too_long: entries of one position do not fit into
/// one page.
template <class Walk>
[[nodiscard]] result<void> append_page(ByteBuffer& to, Walk walk) {
  const std::size_t reply_at = to.size();
  wire::begin_reply(to, wire::ReplyKind::value, wire::page_head_bytes);
  const std::size_t page_at = reply_at + wire::reply_overhead_bytes;
  std::uint32_t count = 0;
  bool fits = true;
  const result<std::uint64_t> next = walk([&](const EntryView& found) {
    const wire::CopiedEntry entry{found.key, found.value, found.version, found.expires_at};
    fits = fits && to.size() - page_at + encoded_bytes(entry) <= wire::largest_page_bytes;
    if (!fits) return;
    wire::append_entry(to, entry);
    ++count;
  });
  if (!next) return next.error();
  if (!fits) return errc::value_too_long;
  wire::store_page_head(to.data() + page_at, *next, count);
  wire::finish_value(to, reply_at);
  return {};
}

}  // namespace pkv
