#pragma once

#include "pkv/command.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pkv {

/// Commands that travel together: encoded once, sent with one write, answered in their order.
///
///     Pipeline pipeline;
///     for (const auto& [key, value] : pairs) pipeline.add("SET", key, value);
///     const auto replies = co_await client.execute(std::move(pipeline));
///
/// A value type. It is not a transaction: commands of other clients may run in between.
///
/// Thread safety: as a std::string.
/// Lifetime: owns its bytes; nothing of what is added is referred to later.
/// Errors: none but std::bad_alloc.
class Pipeline {
 public:
  Pipeline& add(const Command& command);

  /// Adds a command without making a Command of it. Requires: words, the name first, is not empty.
  Pipeline& add(std::span<const std::string_view> words);

  template <CommandWord... Words>
  Pipeline& add(std::string_view name, const Words&... arguments) {
    return add(Command(name, arguments...));
  }

  /// The number of commands, which is the number of replies to come.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// The commands as they travel (RESP).
  [[nodiscard]] std::string_view encoded() const noexcept { return encoded_; }

  /// Removes all commands but keeps the memory.
  void clear() noexcept;

 private:
  std::string encoded_;
  std::size_t size_ = 0;
};

}  // namespace pkv
