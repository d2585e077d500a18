#include "pkv/reply.hpp"

#include <cstddef>
#include <string>
#include <string_view>

// The layout is that of redis-cli 7 on a terminal (formatReplyTTY in its redis-cli.c).
namespace pkv {
namespace {

void append_escaped(std::string& to, unsigned char byte) {
  constexpr std::string_view hex_digits = "0123456789abcdef";
  switch (byte) {
    case '\\':
      to += "\\\\";
      return;
    case '"':
      to += "\\\"";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\a':
      to += "\\a";
      return;
    case '\b':
      to += "\\b";
      return;
    default:
      break;
  }
  const bool printable = byte >= 0x20 && byte < 0x7f;  // ASCII whatever the locale
  if (printable) {
    to += static_cast<char>(byte);
    return;
  }
  to += "\\x";
  to += hex_digits[byte >> 4];
  to += hex_digits[byte & 0x0f];
}

void append_quoted(std::string& to, std::string_view bytes) {
  to += '"';
  for (const char byte : bytes)
    append_escaped(to, static_cast<unsigned char>(byte));
  to += '"';
}

void append_text(std::string& to, const Reply& reply, std::size_t indent);

/// Appends "1) <element>", ...; all elements but the first, whose line is begun, are indented.
void append_elements(std::string& to, const Reply& array, std::size_t indent) {
  if (array.elements().empty()) {
    to += "(empty array)";
    return;
  }
  const std::size_t index_width = std::to_string(array.elements().size()).size();
  std::size_t index = 0;
  for (const Reply& element : array.elements()) {
    if (index > 0) to.append("\n").append(indent, ' ');
    const std::string number = std::to_string(++index);
    to.append(index_width - number.size(), ' ').append(number).append(") ");
    append_text(to, element, indent + index_width + 2);
  }
}

void append_text(std::string& to, const Reply& reply, std::size_t indent) {
  switch (reply.kind()) {
    case ReplyKind::nil:
      to += "(nil)";
      return;
    case ReplyKind::status:
      to += reply.text();
      return;
    case ReplyKind::error:
      to.append("(error) ").append(reply.text());
      return;
    case ReplyKind::integer:
      to.append("(integer) ").append(std::to_string(reply.integer()));
      return;
    case ReplyKind::bulk:
      append_quoted(to, reply.text());
      return;
    case ReplyKind::array:
      append_elements(to, reply, indent);
      return;
  }
}

}  // namespace

std::string to_text(const Reply& reply) {
  std::string text;
  append_text(text, reply, 0);
  return text;
}

}  // namespace pkv
