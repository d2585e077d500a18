#include "protocol/request_parser.hpp"

#include "protocol/error_text.hpp"
#include "protocol/inline_command.hpp"
#include "protocol/number_line.hpp"
#include "protocol/whole_command.hpp"

#include <algorithm>
#include <limits>

namespace pkv {
namespace {

constexpr std::size_t bulk_unknown = std::numeric_limits<std::size_t>::max();
constexpr std::size_t line_end_bytes = 2;

// What a connection keeps of its storage once an extraordinary command is over.
constexpr std::size_t kept_arguments = 1024;
constexpr std::size_t kept_unquoted_bytes = 4096;

template <class Container>
void empty_and_trim(Container& container, std::size_t kept) {
  if (container.capacity() > kept) {
    Container().swap(container);
  } else {
    container.clear();
  }
}

}  // namespace

RequestParser::RequestParser(const Limits& limits)
    : max_line_bytes_(limits.max_inline_bytes),
      max_arguments_(limits.max_arguments),
      max_bulk_bytes_(std::max(limits.max_key_bytes, limits.max_value_bytes)),
      bulk_bytes_(bulk_unknown),
      arguments_(most_usual_arguments) {}

void RequestParser::reset() {
  begin_command();
  continuing_ = false;
  error_text_.clear();
}

ParseResult RequestParser::next(std::string_view unread) {
  if (!continuing_) {
    const WholeCommand found = read_whole_command(unread, max_bulk_bytes_, arguments_.data());
    if (found.bytes != 0 && found.arguments <= max_arguments_) {
      argument_count_ = found.arguments;
      return {ParseStatus::complete, found.bytes, 0};
    }
  }
  return next_at_leisure(unread);
}

ParseResult RequestParser::next_at_leisure(std::string_view unread) {
  if (broken()) return {.status = ParseStatus::error};
  std::size_t consumed = 0;
  for (;;) {
    Step step = Step::starved;
    if (consumed == unread.size()) {
      needed_bytes_ = 1;
    } else {
      const std::string_view rest = unread.substr(consumed);
      step = rest.front() == '*' ? read_array(rest) : read_inline(rest);
    }
    switch (step) {
      case Step::starved:
        continuing_ = consumed != unread.size();
        return {ParseStatus::need_more, consumed, needed_bytes_};
      case Step::failed:
        continuing_ = true;
        return {ParseStatus::error, consumed, 0};
      case Step::done:
      case Step::nothing:
        consumed += position_;
        begin_command();
    }
    if (step == Step::done) {
      continuing_ = false;
      return {ParseStatus::complete, consumed, 0};
    }
  }
}

void RequestParser::begin_command() {
  position_ = 0;
  searched_ = 0;
  missing_arguments_ = 0;
  bulk_bytes_ = bulk_unknown;
  empty_and_trim(extents_, kept_arguments);
}

RequestParser::Step RequestParser::read_inline(std::string_view unread) {
  const std::string_view window = unread.substr(0, max_line_bytes_);
  const std::size_t line_end = window.find('\n', searched_);
  if (line_end == std::string_view::npos) {
    if (window.size() == max_line_bytes_) return fail("too big inline request");
    searched_ = window.size();
    return starve(1);
  }

  position_ = line_end + 1;
  std::string_view line = unread.substr(0, line_end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  empty_and_trim(arguments_, kept_arguments);
  empty_and_trim(unquoted_, kept_unquoted_bytes);
  if (!split_inline_command(line, arguments_, unquoted_)) {
    return fail("unbalanced quotes in request");
  }
  if (arguments_.size() > max_arguments_) return fail("too big inline request");
  count_arguments();
  return argument_count_ == 0 ? Step::nothing : Step::done;
}

RequestParser::Step RequestParser::read_array(std::string_view unread) {
  if (missing_arguments_ == 0) {
    const Step header = read_array_header(unread);
    if (header != Step::done) return header;
  }
  const Step bulks = read_bulks(unread);
  if (bulks != Step::done) return bulks;

  empty_and_trim(arguments_, kept_arguments);
  for (const Extent& extent : extents_) {
    arguments_.emplace_back(unread.data() + extent.offset, extent.bytes);
  }
  count_arguments();
  return Step::done;
}

void RequestParser::count_arguments() {
  argument_count_ = arguments_.size();
  if (argument_count_ < most_usual_arguments) arguments_.resize(most_usual_arguments);
}

RequestParser::Step RequestParser::read_array_header(std::string_view unread) {
  const char* const begin = unread.data();
  const char* const behind =
      parse_length_line(begin + 1, begin + unread.size(), missing_arguments_);
  if (behind != nullptr) {
    position_ = static_cast<std::size_t>(behind - begin);
  } else {
    const NumberLine line = read_number_line(unread, searched_);
    switch (line.status) {
      case NumberLine::Status::partial:
        searched_ = line.bytes;
        return starve(1);
      case NumberLine::Status::too_long:
        return fail("too big mbulk count string");
      case NumberLine::Status::malformed:
        return fail("invalid multibulk length");
      case NumberLine::Status::complete:
        break;
    }
    position_ = line.bytes;
    missing_arguments_ = static_cast<std::size_t>(std::max<std::int64_t>(line.number, 0));
  }
  searched_ = 0;
  if (missing_arguments_ > max_arguments_) return fail("invalid multibulk length");
  return missing_arguments_ == 0 ? Step::nothing : Step::done;
}

RequestParser::Step RequestParser::read_bulks(std::string_view unread) {
  const char* const begin = unread.data();
  const char* const end = begin + unread.size();
  while (missing_arguments_ != 0) {
    const char* at = begin + position_;
    if (bulk_bytes_ == bulk_unknown) {
      if (at == end) return starve(1);
      if (*at != '$') return fail(error_text::expected_bulk(*at));
      const char* const behind = parse_length_line(at + 1, end, bulk_bytes_);
      if (behind != nullptr && bulk_bytes_ <= max_bulk_bytes_) {
        position_ += static_cast<std::size_t>(behind - at);
        searched_ = 0;  // the beginning of this line may have been looked through before
      } else {
        const Step header = read_unusual_bulk_header(unread);
        if (header != Step::done) return header;
      }
      at = begin + position_;
    }

    const auto available = static_cast<std::size_t>(end - at);
    if (available < bulk_bytes_ + line_end_bytes) {
      return starve(bulk_bytes_ + line_end_bytes - available);
    }
    if (at[bulk_bytes_] != '\r' || at[bulk_bytes_ + 1] != '\n') {
      return fail("expected CRLF after bulk");
    }
    extents_.push_back({position_, bulk_bytes_});
    position_ += bulk_bytes_ + line_end_bytes;
    bulk_bytes_ = bulk_unknown;
    --missing_arguments_;
  }
  return Step::done;
}

RequestParser::Step RequestParser::read_unusual_bulk_header(std::string_view unread) {
  bulk_bytes_ = bulk_unknown;
  const NumberLine line = read_number_line(unread.substr(position_), searched_);
  switch (line.status) {
    case NumberLine::Status::partial:
      searched_ = line.bytes;
      return starve(1);
    case NumberLine::Status::too_long:
      return fail("too big bulk count string");
    case NumberLine::Status::malformed:
      return fail("invalid bulk length");
    case NumberLine::Status::complete:
      break;
  }
  if (line.number < 0 || static_cast<std::uint64_t>(line.number) > max_bulk_bytes_) {
    return fail("invalid bulk length");
  }
  position_ += line.bytes;
  searched_ = 0;
  bulk_bytes_ = static_cast<std::size_t>(line.number);
  return Step::done;
}

RequestParser::Step RequestParser::starve(std::size_t needed_bytes) noexcept {
  needed_bytes_ = needed_bytes;
  return Step::starved;
}

RequestParser::Step RequestParser::fail(std::string_view what) {
  error_text_ = error_text::protocol_error(what);
  return Step::failed;
}

}  // namespace pkv
