#pragma once

#include <cassert>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace pkv {

/// What a Command is made of: text, or a number that is written out in decimal.
template <class T>
concept CommandWord = std::convertible_to<const T&, std::string_view> ||
    (std::integral<T> && !std::same_as<T, bool> && !std::same_as<T, char>);

/// A command to the store: a name and its arguments, all of them arbitrary bytes.
///
///     Command("SET", "color", "red")
///     Command("INCRBY", key, 7)
///     Command mget("MGET");
///     for (const auto& key : keys) mget.add(key);
///
/// A value type. The server judges names and numbers of arguments, not this class.
///
/// Thread safety: as a std::vector.
/// Lifetime: owns its bytes.
/// Errors: none but std::bad_alloc.
class Command {
 public:
  template <CommandWord... Words>
  explicit Command(std::string_view name, const Words&... arguments) {
    words_.reserve(1 + sizeof...(arguments));
    words_.emplace_back(name);
    (add(arguments), ...);
  }

  /// From a name and its arguments. Requires: words is not empty.
  explicit Command(std::vector<std::string> words) : words_(std::move(words)) {
    assert(!words_.empty());
  }

  /// Adds one more argument behind those there are.
  template <CommandWord Word>
  Command& add(const Word& argument) {
    if constexpr (std::convertible_to<const Word&, std::string_view>) {
      words_.emplace_back(std::string_view(argument));
    } else {
      words_.push_back(std::to_string(argument));
    }
    return *this;
  }

  [[nodiscard]] std::string_view name() const noexcept { return words_.front(); }

  /// The arguments, without the name.
  [[nodiscard]] std::span<const std::string> arguments() const noexcept {
    return std::span(words_).subspan(1);
  }

  /// The name and the arguments.
  [[nodiscard]] std::span<const std::string> words() const noexcept { return words_; }

  friend bool operator==(const Command&, const Command&) = default;

 private:
  std::vector<std::string> words_;  // never empty
};

/// Appends the command as it travels: a RESP array of bulk strings.
void append_command(std::string& to, const Command& command);

/// The same without a Command in between. Requires: words, the name first, is not empty.
void append_command(std::string& to, std::span<const std::string_view> words);

}  // namespace pkv
