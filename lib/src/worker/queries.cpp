#include "worker/queries.hpp"

#include "sql/error.hpp"
#include "wire/wire_reply.hpp"
#include "worker/execute.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <limits>
#include <new>
#include <string>

namespace pkv {
namespace {

using Clock = std::chrono::steady_clock;

// The node does nothing else meanwhile.
constexpr std::chrono::microseconds long_slice{1500};
constexpr std::chrono::microseconds short_slice{700};
constexpr std::uint32_t most_entries = 16'384;

// Ends a slice of large values; the answer has about as much.
constexpr std::uint32_t most_value_bytes = 1 << 20;

/// Begins an answer of rows; whoever knows how it ends calls end_rows().
std::size_t begin_rows(ByteBuffer& to) {
  const std::size_t reply_at = to.size();
  wire::begin_reply(to, wire::ReplyKind::value, wire::query_rows_head_bytes);
  return reply_at;
}

void end_rows(ByteBuffer& to, std::size_t reply_at, wire::QueryRows::State state,
              std::uint64_t rows) {
  wire::store_query_rows_head(to.data() + reply_at + wire::reply_overhead_bytes, state, rows);
  wire::finish_value(to, reply_at);
}

void append_failure(ByteBuffer& to, std::string_view why) {
  const std::size_t reply_at = begin_rows(to);
  std::memcpy(to.extend(why.size()), why.data(), why.size());
  end_rows(to, reply_at, wire::QueryRows::State::failed, 0);
}

}  // namespace

result<void> QueryRun::fill_page(StoreView& view) {
  sql::EntryPage& page = query_.page();
  page.clear();
  const bool with_values = query_.reads_values();
  wire::CopyRequest request;
  request.from = next_;
  request.most_entries = entries_;
  request.most_bytes = with_values ? most_value_bytes : std::numeric_limits<std::uint32_t>::max();
  const auto next = view.visit_page(request, [&](const EntryView& entry) {
    page.add({entry.key, with_values ? entry.value : std::string_view(), entry.value.size(),
              entry.version, entry.expires_at});
  });
  if (!next) return next.error();
  next_ = *next;
  return {};
}

void QueryRun::look_up(StoreView& view, std::string_view key, sql::EntryPage& to) {
  const result<ValueView> found = view.find(key);
  if (found)
    to.add({key, found->value, found->value.size(), found->version, found->expires_at});
  else if (found.error() != errc::key_not_found && found.error() != errc::key_too_long)
    throw sql::Error(found.error().message());
}

result<std::uint64_t> QueryRun::next(StoreView& view, ByteBuffer& cells) {
  if (done()) return std::uint64_t{0};
  const Clock::time_point begun = Clock::now();
  if (!begun_) {
    begun_ = true;
    const std::uint64_t rows = run_on_keys(view, cells);
    if (done()) return rows;
  }
  if (const result<void> filled = fill_page(view); !filled) return filled.error();
  const std::uint64_t rows = query_.run(cells);
  const auto took = Clock::now() - begun;
  if (took > long_slice) entries_ = std::max(entries_ / 2, 1U);
  if (took < short_slice) entries_ = std::min(entries_ * 2, most_entries);
  return rows;
}

/// A query that names its keys is done at once, as long as the view has not moved past any.
std::uint64_t QueryRun::run_on_keys(StoreView& view, ByteBuffer& cells) {
  query_.find_with([&](std::string_view key, sql::EntryPage& to) { look_up(view, key, to); });
  const std::size_t before = cells.size();
  const std::uint64_t rows = query_.run(cells);
  query_.find_with([](std::string_view, sql::EntryPage&) {
    throw sql::Error("whether a key is asked for must not depend on chance");
  });
  if (query_.is_look_up())
    next_ = wire::scan_end;
  else
    cells.drop_back(cells.size() - before);  // what it makes of no entries
  return rows;
}

void Queries::run(const wire::Operation& operation, std::int64_t clock_ms, ByteBuffer& to) {
  const std::size_t before = to.size();
  const auto request = wire::read_query_request(operation.value);
  result<void> done = errc::malformed_frame;
  try {
    if (request && operation.opcode == wire::Opcode::begin_query) {
      done = begin(*request, to);
    } else if (request && operation.opcode == wire::Opcode::next_rows) {
      done = next(request->number, clock_ms, to);
    } else if (request) {
      runs_.erase(request->number);
      wire::append_ok(to);
      done = {};
    }
  } catch (const sql::Error& error) {
    to.drop_back(to.size() - before);
    append_failure(to, error.what());
    done = {};
  } catch (const std::bad_alloc&) {
    done = errc::out_of_memory;
  }
  if (done) return;
  to.drop_back(to.size() - before);
  append_errc(to, done.error());
}

result<void> Queries::begin(const wire::QueryRequest& request, ByteBuffer& to) {
  runs_.erase(request.number);
  if (runs_.size() >= most_queries) return errc::overloaded;
  runs_.emplace(request.number, std::make_unique<QueryRun>(request.sql));
  end_rows(to, begin_rows(to), wire::QueryRows::State::more, 0);
  return {};
}

result<void> Queries::next(std::uint32_t number, std::int64_t clock_ms, ByteBuffer& to) {
  const auto found = runs_.find(number);
  StoreView* const view = views_.find(number, clock_ms);
  if (found == runs_.end() || view == nullptr) return errc::view_lost;
  QueryRun& query = *found->second;
  const std::size_t reply_at = begin_rows(to);
  const result<std::uint64_t> rows = query.next(*view, to);
  if (!rows) return rows.error();
  using State = wire::QueryRows::State;
  end_rows(to, reply_at, query.done() ? State::done : State::more, *rows);
  return {};
}

}  // namespace pkv
