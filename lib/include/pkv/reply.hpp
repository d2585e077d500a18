#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace pkv {

/// The kinds of Reply.
enum class ReplyKind {
  nil,      ///< There is no value.
  status,   ///< A short text such as OK.
  error,    ///< The command failed; the text begins with a code in capitals.
  integer,  ///< A signed 64-bit number.
  bulk,     ///< A value: any bytes.
  array,    ///< Replies, possibly of different kinds.
};

/// What the store answers to a Command.
///
/// Made by the functions named like the kinds, and read by asking for the kind first:
///
///     if (reply.is_error()) throw std::runtime_error(std::string(reply.text()));
///     if (!reply.is_nil()) use(reply.text());
///
/// A value type.
///
/// Thread safety: as a std::vector.
/// Lifetime: owns its contents; views and references end with the Reply or an assignment to it.
/// Errors: asking for contents that the kind does not have throws std::bad_variant_access.
class Reply {
 public:
  /// Nil.
  Reply() = default;

  [[nodiscard]] static Reply nil() { return {}; }

  [[nodiscard]] static Reply status(std::string text) {
    return {ReplyKind::status, std::move(text)};
  }

  [[nodiscard]] static Reply error(std::string text) { return {ReplyKind::error, std::move(text)}; }

  [[nodiscard]] static Reply integer(std::int64_t number) { return {ReplyKind::integer, number}; }

  [[nodiscard]] static Reply bulk(std::string value) { return {ReplyKind::bulk, std::move(value)}; }

  [[nodiscard]] static Reply array(std::vector<Reply> elements) {
    return {ReplyKind::array, std::move(elements)};
  }

  [[nodiscard]] ReplyKind kind() const noexcept { return kind_; }

  [[nodiscard]] bool is_nil() const noexcept { return kind_ == ReplyKind::nil; }

  [[nodiscard]] bool is_status() const noexcept { return kind_ == ReplyKind::status; }

  [[nodiscard]] bool is_error() const noexcept { return kind_ == ReplyKind::error; }

  [[nodiscard]] bool is_integer() const noexcept { return kind_ == ReplyKind::integer; }

  [[nodiscard]] bool is_bulk() const noexcept { return kind_ == ReplyKind::bulk; }

  [[nodiscard]] bool is_array() const noexcept { return kind_ == ReplyKind::array; }

  /// The text of a status or an error, or a bulk's bytes.
  [[nodiscard]] std::string_view text() const { return std::get<std::string>(contents_); }

  /// The same, moved out instead of copied: for large values.
  [[nodiscard]] std::string take_text() && { return std::get<std::string>(std::move(contents_)); }

  /// The number of an integer.
  [[nodiscard]] std::int64_t integer() const { return std::get<std::int64_t>(contents_); }

  /// The elements of an array.
  [[nodiscard]] const std::vector<Reply>& elements() const {
    return std::get<std::vector<Reply>>(contents_);
  }

  [[nodiscard]] std::vector<Reply> take_elements() && {
    return std::get<std::vector<Reply>>(std::move(contents_));
  }

  friend bool operator==(const Reply& left, const Reply& right) {
    return left.kind_ == right.kind_ && left.contents_ == right.contents_;
  }

 private:
  using Contents = std::variant<std::monostate, std::int64_t, std::string, std::vector<Reply>>;

  Reply(ReplyKind kind, Contents contents) noexcept : kind_(kind), contents_(std::move(contents)) {}

  ReplyKind kind_ = ReplyKind::nil;
  Contents contents_;
};

/// Appends the reply as it travels (RESP2). Line ends in the text of a status or an error become
/// blanks, since there they would end the reply.
void append_reply(std::string& to, const Reply& reply);

/// The reply for people, as redis-cli shows it: `OK`, `"value"`, `(integer) 3`, `(nil)`,
/// `(error) ERR ...`, arrays with numbered elements, one a line. Bytes that cannot be printed in a
/// bulk are escaped. There is no line end at the end.
[[nodiscard]] std::string to_text(const Reply& reply);

}  // namespace pkv
