#include "coordinator/encode_reply.hpp"

#include "protocol/error_text.hpp"
#include "protocol/reply_writer.hpp"

namespace pkv {
namespace {

// Values up to here are written in one go; larger ones may be referred to instead of copied.
constexpr std::size_t most_inlined_bytes = 4096;

void encode_value(OutputQueue& to, std::string_view value, const SharedFrame& frame) {
  if (value.size() <= most_inlined_bytes) {
    char* at = to.prepare(value.size() + reply_writer::max_bulk_overhead_bytes);
    to.commit(reply_writer::write_bulk(at, value));
    return;
  }
  to.commit(
      reply_writer::write_bulk_header(to.prepare(reply_writer::max_number_bytes), value.size()));
  to.append(value, frame);
  to.append("\r\n");
}

}  // namespace

void encode_reply(OutputQueue& to, const wire::WireReply& reply, const SharedFrame& frame) {
  switch (reply.kind) {
    case wire::ReplyKind::ok:
      to.append("+OK\r\n");
      return;
    case wire::ReplyKind::nil:
      to.commit(reply_writer::write_nil(to.prepare(reply_writer::nil_bytes)));
      return;
    case wire::ReplyKind::integer:
      encode_integer(to, reply.integer);
      return;
    case wire::ReplyKind::value:
      encode_value(to, reply.value, frame);
      return;
    case wire::ReplyKind::error: {
      const std::string_view text = error_text::of(reply.error);
      to.commit(reply_writer::write_error(to.prepare(reply_writer::line_bytes(text)), text));
      return;
    }
  }
}

void encode_integer(OutputQueue& to, std::int64_t number) {
  to.commit(reply_writer::write_integer(to.prepare(reply_writer::max_number_bytes), number));
}

void encode_array_header(OutputQueue& to, std::size_t elements) {
  to.commit(reply_writer::write_array_header(to.prepare(reply_writer::max_number_bytes), elements));
}

}  // namespace pkv
