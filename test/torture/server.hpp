#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"
#include "torture/options.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pkv::torture {

/// The server that is tried: one that was there already, or one of our own.
///
/// Thread safety: none.
/// Lifetime: the destructor ends a server of our own.
/// Errors: the constructor throws std::runtime_error if the server does not get ready.
class Server {
 public:
  explicit Server(const Options& options);

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Whether it has ended, as far as can be seen.
  [[nodiscard]] bool has_ended();

  /// Ends a server of our own in an orderly way. Returns what was wrong with that.
  [[nodiscard]] std::optional<std::string> stop();

  /// The last lines of what a server of our own has written.
  [[nodiscard]] std::string last_lines() const;

 private:
  test::TemporaryFolder folder_;
  std::unique_ptr<test::ChildProcess> child_;
  std::uint16_t port_ = 0;
};

}  // namespace pkv::torture
