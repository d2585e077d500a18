#include "sql/kv_table.hpp"

#include "base/utf8.hpp"
#include "sql/error.hpp"

#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

namespace pkv::sql {
namespace {

enum Column { key_column, value_column, size_column, version_column, expires_at_column };

// As kv_columns of sql/select.hpp. That numbers are converted before they are compared with keys
// and values follows from their affinity.
constexpr const char* schema =
    "CREATE TABLE kv(key TEXT, value TEXT, size INTEGER, version INTEGER, expires_at INTEGER)";

constexpr int by_key = 1;  // a plan of best_index; the other, 0, is the page

// An entry that was looked up and one of the page are never the same row.
constexpr sqlite3_int64 first_found_row = sqlite3_int64{1} << 40;

struct VirtualTable : sqlite3_vtab {
  explicit VirtualTable(KvTable& the_owner) : sqlite3_vtab{}, owner(the_owner) {}
  KvTable& owner;
};

struct Cursor : sqlite3_vtab_cursor {
  explicit Cursor(KvTable& the_owner) : sqlite3_vtab_cursor{}, owner(the_owner) {}
  KvTable& owner;
  const EntryPage* entries = nullptr;
  std::size_t at = 0;
  std::size_t end = 0;
};

Cursor& cursor_of(sqlite3_vtab_cursor* cursor) noexcept {
  return *static_cast<Cursor*>(cursor);
}

bool compares_as_bytes(sqlite3_index_info* info, int constraint) noexcept {
  return sqlite3_stricmp(sqlite3_vtab_collation(info, constraint), "BINARY") == 0;
}

void give_bytes(sqlite3_context* context, std::string_view bytes, sqlite3_destructor_type lasts) {
  const char* const data = bytes.data() != nullptr ? bytes.data() : "";
  if (is_utf8_text(bytes))
    sqlite3_result_text64(context, data, bytes.size(), lasts, SQLITE_UTF8);
  else
    sqlite3_result_blob64(context, data, bytes.size(), lasts);
}

}  // namespace

/// What SQLite calls. No exception leaves these functions.
struct KvTableModule {
  static int connect(sqlite3* connection, void* owner, int, const char* const*,
                     sqlite3_vtab** table, char**) noexcept {
    if (const int code = sqlite3_declare_vtab(connection, schema); code != SQLITE_OK) return code;
    *table = new (std::nothrow) VirtualTable(*static_cast<KvTable*>(owner));
    return *table == nullptr ? SQLITE_NOMEM : SQLITE_OK;
  }

  static int disconnect(sqlite3_vtab* table) noexcept {
    delete static_cast<VirtualTable*>(table);
    return SQLITE_OK;
  }

  static int best_index(sqlite3_vtab*, sqlite3_index_info* info) noexcept {
    info->estimatedCost = 1e6;
    info->estimatedRows = 1'000'000;
    for (int i = 0; i < info->nConstraint; ++i) {
      const auto& constraint = info->aConstraint[i];
      if (constraint.iColumn != key_column || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ ||
          constraint.usable == 0 || !compares_as_bytes(info, i))
        continue;
      info->aConstraintUsage[i].argvIndex = 1;  // and SQLite compares again what is found
      info->idxNum = by_key;
      info->estimatedCost = 1;
      info->estimatedRows = 1;
      break;
    }
    return SQLITE_OK;
  }

  static int open(sqlite3_vtab* table, sqlite3_vtab_cursor** cursor) noexcept {
    *cursor = new (std::nothrow) Cursor(static_cast<VirtualTable*>(table)->owner);
    return *cursor == nullptr ? SQLITE_NOMEM : SQLITE_OK;
  }

  static int close(sqlite3_vtab_cursor* cursor) noexcept {
    delete &cursor_of(cursor);
    return SQLITE_OK;
  }

  static int filter(sqlite3_vtab_cursor* base, int plan, const char*, int,
                    sqlite3_value** arguments) noexcept {
    Cursor& cursor = cursor_of(base);
    KvTable& owner = cursor.owner;
    if (plan == by_key) return look_up(cursor, arguments[0]);
    owner.scanned_ = true;
    cursor.entries = &owner.page;
    cursor.at = 0;
    cursor.end = owner.page.size();
    return SQLITE_OK;
  }

  static int look_up(Cursor& cursor, sqlite3_value* argument) noexcept {
    KvTable& owner = cursor.owner;
    owner.looked_up_ = true;
    cursor.entries = &owner.found_;
    cursor.at = cursor.end = 0;
    if (sqlite3_value_type(argument) == SQLITE_NULL) return SQLITE_OK;
    // A number becomes the text that it is compared as.
    const bool is_blob = sqlite3_value_type(argument) == SQLITE_BLOB;
    const void* const key = is_blob ? sqlite3_value_blob(argument) : sqlite3_value_text(argument);
    const auto bytes = static_cast<std::size_t>(sqlite3_value_bytes(argument));
    try {
      const std::string_view wanted(static_cast<const char*>(key), bytes);
      cursor.at = place_of(owner.found_, wanted);
      if (cursor.at == owner.found_.size()) owner.find(wanted, owner.found_);
      cursor.end = std::min(cursor.at + 1, owner.found_.size());
      return SQLITE_OK;
    } catch (const std::bad_alloc&) {
      return SQLITE_NOMEM;
    } catch (const std::exception& error) {
      sqlite3_free(base_of(cursor).zErrMsg);
      base_of(cursor).zErrMsg = sqlite3_mprintf("%s", error.what());
      return SQLITE_ERROR;
    }
  }

  static sqlite3_vtab& base_of(Cursor& cursor) noexcept { return *cursor.pVtab; }

  /// A key that a query names twice stays one row.
  static std::size_t place_of(const EntryPage& entries, std::string_view key) noexcept {
    std::size_t at = 0;
    while (at < entries.size() && entries[at].key != key)
      ++at;
    return at;
  }

  static int next(sqlite3_vtab_cursor* cursor) noexcept {
    ++cursor_of(cursor).at;
    return SQLITE_OK;
  }

  static int eof(sqlite3_vtab_cursor* cursor) noexcept {
    return cursor_of(cursor).at >= cursor_of(cursor).end ? 1 : 0;
  }

  static int column(sqlite3_vtab_cursor* base, sqlite3_context* context, int column) noexcept {
    const Cursor& cursor = cursor_of(base);
    const Entry entry = (*cursor.entries)[cursor.at];
    // Entries that are looked up one after the other may move in memory.
    const bool stays = cursor.entries == &cursor.owner.page;
    const sqlite3_destructor_type lasts = stays ? SQLITE_STATIC : SQLITE_TRANSIENT;
    if (column == key_column) {
      give_bytes(context, entry.key, lasts);
    } else if (column == value_column) {
      give_bytes(context, entry.value, lasts);
    } else if (column == size_column) {
      sqlite3_result_int64(context, static_cast<sqlite3_int64>(entry.size));
    } else if (column == version_column) {
      sqlite3_result_int64(context, static_cast<sqlite3_int64>(entry.version));
    } else if (entry.expires_at != 0) {
      sqlite3_result_int64(context, entry.expires_at);
    }
    return SQLITE_OK;  // what is not given is NULL
  }

  static int row_id(sqlite3_vtab_cursor* base, sqlite3_int64* row) noexcept {
    const Cursor& cursor = cursor_of(base);
    const bool found = cursor.entries == &cursor.owner.found_;
    *row = static_cast<sqlite3_int64>(cursor.at) + (found ? first_found_row : 0);
    return SQLITE_OK;
  }

  static const sqlite3_module* module() noexcept {
    static const sqlite3_module functions = [] {
      sqlite3_module filled{};
      filled.xConnect = connect;  // without xCreate there is the one table, and no CREATE
      filled.xBestIndex = best_index;
      filled.xDisconnect = disconnect;
      filled.xOpen = open;
      filled.xClose = close;
      filled.xFilter = filter;
      filled.xNext = next;
      filled.xEof = eof;
      filled.xColumn = column;
      filled.xRowid = row_id;
      return filled;
    }();
    return &functions;
  }
};

void KvTable::add_to(sqlite3* connection) {
  if (sqlite3_create_module_v2(connection, "kv", KvTableModule::module(), this, nullptr) !=
      SQLITE_OK)
    throw Error(sqlite3_errmsg(connection));
}

}  // namespace pkv::sql
