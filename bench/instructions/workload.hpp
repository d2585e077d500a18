#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace pkv::instructions {

/// What a client asks for.
enum class Kind { get, set };

/// Keys and values as `redis-benchmark -d 64 -r 100000` has them.
inline constexpr std::size_t key_count = 100'000;
inline constexpr std::size_t value_bytes = 64;

/// The bytes of one command, as redis-benchmark sends them: `key:000000012345`, upper-case names.
void append_request(std::string& to, Kind kind, std::size_t key_number);

/// What a server that holds every key answers, in bytes.
[[nodiscard]] std::size_t answer_bytes(Kind kind) noexcept;

/// Commands on random keys, the same in every run.
class Requests {
 public:
  explicit Requests(Kind kind) : kind_(kind) {}

  /// The next `count` commands, one behind the other.
  [[nodiscard]] std::string next(std::size_t count);

 private:
  Kind kind_;
  std::mt19937_64 random_{1};
};

}  // namespace pkv::instructions
