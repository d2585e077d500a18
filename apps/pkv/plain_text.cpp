#include "plain_text.hpp"

#include "pkv/client.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>

namespace pkv::cli {
namespace {

void append_hex(std::string& to, unsigned char byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  to.append("\\x") += digits[byte >> 4];
  to += digits[byte & 0x0f];
}

bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// The length of the UTF-8 character of two to four bytes at the front, or 0. Control characters of
/// the C1 set do not count: terminals obey them.
std::size_t character_bytes(std::string_view bytes) noexcept {
  const auto first = static_cast<unsigned char>(bytes.front());
  const auto second = bytes.size() > 1 ? static_cast<unsigned char>(bytes[1]) : 0U;
  std::size_t length = 0;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (length == 0 || bytes.size() < length) return 0;
  const auto tail = bytes.substr(1, length - 1);
  if (!std::all_of(tail.begin(), tail.end(), is_continuation)) return 0;
  const bool control = first == 0xc2 && second < 0xa0;
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool surrogate = first == 0xed && second >= 0xa0;
  const bool too_large = first == 0xf4 && second >= 0x90;
  return control || overlong || surrogate || too_large ? 0 : length;
}

void append_ascii(std::string& to, char byte, Bytes how) {
  const bool structure = byte == '\n' || byte == '\t' || byte == '\\';
  if (structure && how == Bytes::shown) {
    to += byte;
    return;
  }
  switch (byte) {
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\\':
      to += "\\\\";
      return;
    default:
      break;
  }
  if (byte >= 0x20 && byte < 0x7f) {
    to += byte;
  } else {
    append_hex(to, static_cast<unsigned char>(byte));
  }
}

/// As in the input, so that a printed list can be pasted back: quoted if it would not be one word.
void append_word(std::string& to, std::string_view word) {
  const auto is_plain = [](char byte) {
    return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\'' && byte != '\\';
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
    to += word;
  } else {
    to += to_text(Reply::bulk(std::string(word)));
  }
}

void append_element(std::string& to, const Reply& element) {
  switch (element.kind()) {
    case ReplyKind::bulk:
    case ReplyKind::status:
      append_word(to, element.text());
      return;
    case ReplyKind::array:
      to += '[';
      append_plain(to, element, Bytes::escaped);
      to += ']';
      return;
    default:
      append_plain(to, element, Bytes::escaped);
      return;
  }
}

}  // namespace

void append_bytes(std::string& to, std::string_view bytes, Bytes how) {
  if (how == Bytes::raw) {
    to += bytes;
    return;
  }
  while (!bytes.empty()) {
    const bool ascii = static_cast<unsigned char>(bytes.front()) < 0x80;
    std::size_t length = ascii ? 1 : character_bytes(bytes);
    if (ascii) {
      append_ascii(to, bytes.front(), how);
    } else if (length > 0) {
      to += bytes.substr(0, length);
    } else {
      append_hex(to, static_cast<unsigned char>(bytes.front()));
      length = 1;
    }
    bytes.remove_prefix(length);
  }
}

void append_plain(std::string& to, const Reply& reply, Bytes how, std::string_view key) {
  switch (reply.kind()) {
    case ReplyKind::nil:
      to += "(nil)";
      return;
    case ReplyKind::status:
      to += reply.text();
      return;
    case ReplyKind::integer:
      to += std::to_string(reply.integer());
      return;
    case ReplyKind::bulk:
      append_bytes(to, reply.text(), how);
      return;
    case ReplyKind::error:
      to.append("error: ").append(plain_error(reply, key));
      return;
    case ReplyKind::array:
      break;
  }
  bool first = true;
  for (const Reply& element : reply.elements()) {
    if (!first) to += ' ';
    append_element(to, element);
    first = false;
  }
}

std::string plain_error(const Reply& error, std::string_view key) {
  std::string_view text = error.text();
  const auto code = error_of(error);
  const bool about_key = code == errc::key_not_found || code == errc::key_exists;
  // Codes that programs tell apart (WRONGTYPE, NOAUTH) stay if this program does not know them.
  if (code != errc::command_refused || text.starts_with("ERR ")) {
    const std::size_t blank = text.find(' ');
    if (blank != std::string_view::npos) text.remove_prefix(blank + 1);
  }
  std::string plain;
  append_bytes(plain, text, Bytes::escaped);
  if (about_key && !key.empty()) append_bytes(plain.append(": "), key, Bytes::escaped);
  return plain;
}

std::string plain_error(boost::system::error_code error) {
  std::string message = error.message();
  if (!message.empty()) {
    message.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(message.front())));
  }
  return message;
}

}  // namespace pkv::cli
