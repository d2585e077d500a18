#include "pkv/reply.hpp"

#include "protocol/reply_writer.hpp"

#include <cstddef>

namespace pkv {
namespace {

/// Makes room for `most_bytes` at the end, lets `write(char*)` fill some and cuts off the rest.
template <class Write>
void append_with(std::string& to, std::size_t most_bytes, Write&& write) {
  const std::size_t begin = to.size();
  to.resize(begin + most_bytes);
  const char* const end = write(to.data() + begin);
  to.resize(static_cast<std::size_t>(end - to.data()));
}

}  // namespace

void append_reply(std::string& to, const Reply& reply) {
  using namespace reply_writer;
  switch (reply.kind()) {
    case ReplyKind::nil:
      append_with(to, nil_bytes, write_nil);
      return;
    case ReplyKind::status:
      append_with(to, line_bytes(reply.text()),
                  [&](char* out) { return write_status(out, reply.text()); });
      return;
    case ReplyKind::error:
      append_with(to, line_bytes(reply.text()),
                  [&](char* out) { return write_error(out, reply.text()); });
      return;
    case ReplyKind::integer:
      append_with(to, max_number_bytes,
                  [&](char* out) { return write_integer(out, reply.integer()); });
      return;
    case ReplyKind::bulk:
      append_with(to, max_bulk_overhead_bytes + reply.text().size(),
                  [&](char* out) { return write_bulk(out, reply.text()); });
      return;
    case ReplyKind::array:
      append_with(to, max_number_bytes,
                  [&](char* out) { return write_array_header(out, reply.elements().size()); });
      for (const Reply& element : reply.elements())
        append_reply(to, element);
      return;
  }
}

}  // namespace pkv
