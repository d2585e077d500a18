#include "pkv/sqlite_engine.hpp"

#include "storage/entry_cache.hpp"
#include "storage/scan_position.hpp"
#include "storage/sqlite_file.hpp"

#include <algorithm>
#include <cstddef>
#include <new>
#include <vector>

// What SqliteEngine gives views of.

namespace pkv {
namespace {

/// A page of a scan is a copy; one with large values has few entries.
constexpr std::size_t page_bytes = std::size_t{4} << 20;

/// Where an entry of a page is, while the page still grows and moves.
struct PagedEntry {
  std::size_t at;
  std::size_t key_bytes;
  std::size_t value_bytes;
  Version version;
  Timestamp expires_at;
};

}  // namespace

result<ValueView> SqliteEngine::find(std::string_view key) {
  if (const std::optional<ValueView> cached = cache_->find(key)) return *cached;
  // Read before it is changed, and noted for the past, a key is often asked for twice.
  if (found_.known && found_.key == key) {
    if (found_.value) return *found_.value;
    return errc::key_not_found;
  }
  release_views();
  if (const result<void> opened = open_transaction(); !opened) return opened.error();
  SqliteStatement& find = file_->statements().find;
  find.bind(1, scan_position(key));
  find.bind(2, key);
  const int code = find.step();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return read_failed(code);
  found_.key = key;
  found_.known = true;
  if (code == SQLITE_ROW) {
    found_.value.emplace(ValueView{find.blob(0), find.number(1), find.time(2)});
    cache_->keep(key, *found_.value);
    return *found_.value;
  }
  found_.value.reset();
  find.reset();
  return errc::key_not_found;
}

result<ScanPage> SqliteEngine::scan(ScanCursor cursor, std::size_t count) {
  return scan_with(file_->statements().scan, cursor, count);
}

result<ScanPage> SqliteEngine::scan_keys(ScanCursor cursor, std::size_t count) {
  return scan_with(file_->statements().scan_keys, cursor, count);
}

result<ScanPage> SqliteEngine::scan_with(SqliteStatement& scan, ScanCursor cursor,
                                         std::size_t count) {
  release_views();
  if (const result<void> opened = open_transaction(); !opened) return opened.error();
  ScanPage page;
  if (cursor >= ScanCursor{1} << position_bits) return page;
  scan.bind(1, cursor);
  int code = SQLITE_OK;
  try {
    std::vector<PagedEntry> entries;
    const std::size_t wanted = std::max<std::size_t>(count, 1);
    for (ScanCursor last = cursor; (code = scan.step()) == SQLITE_ROW;) {
      const ScanCursor position = scan.number(0);
      if (position != last && (entries.size() >= wanted || page_.size() >= page_bytes)) {
        page.next = position;
        break;
      }
      last = position;
      const std::string_view key = scan.blob(1);
      const std::string_view value = scan.blob(2);
      entries.push_back({page_.size(), key.size(), value.size(), scan.number(3), scan.time(4)});
      page_.insert(page_.end(), key.begin(), key.end());
      page_.insert(page_.end(), value.begin(), value.end());
    }
    page.entries.reserve(entries.size());
    for (const PagedEntry& entry : entries) {
      const char* const key = page_.data() + entry.at;
      page.entries.push_back({{key, entry.key_bytes},
                              {key + entry.key_bytes, entry.value_bytes},
                              entry.version,
                              entry.expires_at});
    }
  } catch (const std::bad_alloc&) {
    code = SQLITE_NOMEM;
  }
  scan.reset();
  if (code != SQLITE_ROW && code != SQLITE_DONE) return read_failed(code);
  return page;
}

void SqliteEngine::release_views() noexcept {
  found_.known = false;
  file_->statements().find.reset();
  page_.clear();
  if (page_.capacity() > 2 * page_bytes) page_.shrink_to_fit();
}

}  // namespace pkv
