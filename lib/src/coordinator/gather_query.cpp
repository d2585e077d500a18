#include "coordinator/gather_query.hpp"

#include "coordinator/encode_reply.hpp"

#include <algorithm>

namespace pkv {
namespace {

/// An error reply is one line.
void encode_error(OutputQueue& to, std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  to.append("-" + text + "\r\n");
}

}  // namespace

void GatherQuery::take(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) {
  if (reply.kind == wire::ReplyKind::ok) return;  // its view has been opened
  const auto rows = wire::read_query_rows(reply.value);
  if (!rows) {
    failure_ = "ERR a node has given no usable answer";
    return;
  }
  queries_.note(id_, part, *rows);
  if (rows->state == wire::QueryRows::State::failed)
    failure_ = "ERR SQL: " + std::string(rows->content);
  else
    take_rows(*rows, frame);
}

void GatherQuery::write_result(OutputQueue& to) const {
  if (failure_.empty()) return write_answer(to);
  queries_.end(id_);
  encode_error(to, failure_);
}

void GatherQueryBegin::write_answer(OutputQueue& to) const {
  encode_integer(to, id());
}

void GatherQueryRows::take_rows(const wire::QueryRows& rows, const SharedFrame& frame) {
  rows_ += rows.rows;
  more_ = more_ || rows.state == wire::QueryRows::State::more;
  if (!rows.content.empty()) answers_.push_back({rows, frame});
}

void GatherQueryRows::write_answer(OutputQueue& to) const {
  if (rows_ > most_rows_) {
    queries().end(id());
    encode_error(to, "TOOMANY the query makes more than " + std::to_string(most_rows_) +
                         " rows at the nodes: ask for less of them, or allow more with MAXROWS");
    return;
  }
  encode_array_header(to, 1 + answers_.size());
  encode_integer(to, more_ ? 1 : 0);
  for (const Rows& answer : answers_) {
    wire::WireReply value;
    value.kind = wire::ReplyKind::value;
    value.value = answer.rows.content;
    encode_reply(to, value, answer.frame);
  }
}

}  // namespace pkv
