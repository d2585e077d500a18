#include "protocol/reply_parser.hpp"

#include "protocol/number_line.hpp"

#include <algorithm>

namespace pkv {
namespace {

constexpr std::string_view line_end = "\r\n";

// An array's announced size is a claim until the elements come: room for more is made as they do.
constexpr std::size_t trusted_elements = 1024;

std::string printable(char byte) {
  constexpr std::string_view hex_digits = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(byte);
  if (code > 0x20 && code < 0x7f) return std::string("'") + byte + '\'';
  return std::string("byte 0x") + hex_digits[code >> 4] + hex_digits[code & 0x0f];
}

}  // namespace

void ReplyParser::reset() {
  *this = ReplyParser(limits_);
}

ParseResult ReplyParser::next(std::string_view unread) {
  if (broken()) return {.status = ParseStatus::error};
  std::size_t consumed = 0;
  for (;;) {
    consumed_ = 0;
    const Step step = read_piece(unread.substr(consumed));
    consumed += consumed_;
    switch (step) {
      case Step::starved:
        return {ParseStatus::need_more, consumed, needed_bytes_};
      case Step::failed:
        return {ParseStatus::error, consumed, 0};
      case Step::header:
        break;
      case Step::value:
        if (place_value()) return {ParseStatus::complete, consumed, 0};
    }
  }
}

/// Puts value_ where it belongs. True when that completes a reply, which then is value_.
bool ReplyParser::place_value() {
  while (!open_arrays_.empty()) {
    OpenArray& array = open_arrays_.back();
    array.elements.push_back(std::move(value_));
    if (--array.missing > 0) return false;
    value_ = Reply::array(std::move(array.elements));
    open_arrays_.pop_back();
  }
  return true;
}

ReplyParser::Step ReplyParser::read_piece(std::string_view rest) {
  if (in_bulk_) return read_bulk(rest);
  if (rest.empty()) return starve(1);
  switch (rest.front()) {
    case '+':
    case '-':
      return read_line(rest);
    case ':':
    case '$':
    case '*':
      return read_number(rest);
    default:
      return fail("a reply begins with " + printable(rest.front()));
  }
}

ReplyParser::Step ReplyParser::read_line(std::string_view rest) {
  const std::size_t end = rest.substr(0, limits_.max_line_bytes + 2).find('\r', searched_);
  if (end == std::string_view::npos) {
    if (rest.size() >= limits_.max_line_bytes + 2) return fail("a status or error is too long");
    searched_ = rest.size();
    return starve(line_end.size());
  }
  if (end + 1 == rest.size()) {
    searched_ = end;
    return starve(1);
  }
  if (rest[end + 1] != '\n') return fail("a carriage return stands within a line");
  searched_ = 0;
  consumed_ = end + line_end.size();
  std::string text(rest.substr(1, end - 1));
  value_ = rest.front() == '+' ? Reply::status(std::move(text)) : Reply::error(std::move(text));
  return Step::value;
}

ReplyParser::Step ReplyParser::read_number(std::string_view rest) {
  std::int64_t number = 0;
  std::size_t length = 0;
  if (const char* behind = parse_length_line(rest.data() + 1, rest.data() + rest.size(), length)) {
    number = static_cast<std::int64_t>(length);
    consumed_ = static_cast<std::size_t>(behind - rest.data());
  } else {
    const NumberLine line = read_number_line(rest, searched_);
    switch (line.status) {
      case NumberLine::Status::partial:
        searched_ = line.bytes;
        return starve(1);
      case NumberLine::Status::too_long:
      case NumberLine::Status::malformed:
        return fail("what follows " + printable(rest.front()) + " is not a number");
      case NumberLine::Status::complete:
        break;
    }
    number = line.number;
    consumed_ = line.bytes;
  }
  searched_ = 0;
  if (rest.front() == '$') return begin_bulk(number);
  if (rest.front() == '*') return begin_array(number);
  value_ = Reply::integer(number);
  return Step::value;
}

ReplyParser::Step ReplyParser::begin_bulk(std::int64_t bytes) {
  if (bytes == -1) {
    value_ = Reply::nil();
    return Step::value;
  }
  if (bytes < 0) return fail("a bulk has the length " + std::to_string(bytes));
  if (static_cast<std::uint64_t>(bytes) > limits_.max_bulk_bytes) {
    return fail("a bulk of " + std::to_string(bytes) + " bytes is over the limit");
  }
  in_bulk_ = true;
  missing_bytes_ = static_cast<std::size_t>(bytes);
  return Step::header;
}

ReplyParser::Step ReplyParser::begin_array(std::int64_t elements) {
  if (elements == -1) {
    value_ = Reply::nil();
    return Step::value;
  }
  if (elements < 0) return fail("an array has " + std::to_string(elements) + " elements");
  if (static_cast<std::uint64_t>(elements) > limits_.max_elements) {
    return fail("an array of " + std::to_string(elements) + " elements is over the limit");
  }
  if (open_arrays_.size() == limits_.max_depth) return fail("arrays are nested too deeply");
  if (elements == 0) {
    value_ = Reply::array({});
    return Step::value;
  }
  const auto missing = static_cast<std::size_t>(elements);
  OpenArray& array = open_arrays_.emplace_back(OpenArray{.elements = {}, .missing = missing});
  array.elements.reserve(std::min(missing, trusted_elements));
  return Step::header;
}

ReplyParser::Step ReplyParser::read_bulk(std::string_view rest) {
  if (rest.size() < missing_bytes_) {
    // The length is within the limit, so it may be believed: growing by and by would copy again.
    if (bulk_.empty()) bulk_.reserve(missing_bytes_);
    bulk_.append(rest);
    consumed_ = rest.size();
    missing_bytes_ -= rest.size();
    return starve(missing_bytes_ + line_end.size());
  }
  if (rest.size() < missing_bytes_ + line_end.size()) {
    return starve(missing_bytes_ + line_end.size() - rest.size());
  }
  if (rest.substr(missing_bytes_, line_end.size()) != line_end) {
    return fail("a bulk is longer than it was said to be");
  }
  bulk_.append(rest.substr(0, missing_bytes_));
  consumed_ = missing_bytes_ + line_end.size();
  value_ = Reply::bulk(std::exchange(bulk_, {}));
  in_bulk_ = false;
  return Step::value;
}

ReplyParser::Step ReplyParser::starve(std::size_t needed_bytes) noexcept {
  needed_bytes_ = needed_bytes;
  return Step::starved;
}

ReplyParser::Step ReplyParser::fail(std::string why) {
  error_text_ = "the server broke the protocol: " + std::move(why);
  return Step::failed;
}

}  // namespace pkv
