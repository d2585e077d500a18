#pragma once

#include <stdexcept>
#include <string>

namespace pkv::cli {

/// The program was called in a way that cannot work; what() says why.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The value that an argument stands for: itself; of @FILE the bytes of the file; of - those of
/// standard input; of @@TEXT, @TEXT. Throws UsageError if they cannot be read or are too many.
[[nodiscard]] std::string value_of(const std::string& argument);

}  // namespace pkv::cli
