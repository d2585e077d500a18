#pragma once

#include "pkv/reply.hpp"

#include "torture/checker/operation.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace pkv::torture {

/// What a key, or a group of keys, is used for. Few commands on each: what many kinds of writes at
/// once may have done takes long to find out.
enum class Use { replaced, created_and_erased, appended_to, counted, written_together };

/// What a history is about: a key, or keys that are always written together.
struct Subject {
  Use use = Use::replaced;
  std::vector<std::string> keys;
};

/// The subjects of a run; names begin with `prefix`.
[[nodiscard]] std::vector<Subject> make_subjects(std::size_t count, const std::string& prefix);

enum class RequestKind { get, set, setnx, del, append, incr, mget, mset };

inline constexpr std::array<std::string_view, 8> request_names = {
    "GET", "SET", "SETNX", "DEL", "APPEND", "INCR", "MGET", "MSET"};

/// A command under way.
struct Request {
  RequestKind kind = RequestKind::get;
  std::size_t subject = 0;
  Operation operation;
};

/// Chooses the commands of one client.
///
/// Thread safety: none. Lifetime: the subjects must outlive it.
class Workload {
 public:
  Workload(const std::vector<Subject>& subjects, std::uint64_t seed, std::uint32_t client);

  /// Appends the next command to `bytes`, as it travels.
  Request next(std::string& bytes);

  /// The same for a command that reads all of a subject.
  [[nodiscard]] Request read(std::size_t subject, std::string& bytes) const;

  /// A number from 0 to limit - 1.
  std::size_t below(std::size_t limit);

 private:
  [[nodiscard]] RequestKind choose(Use use);
  void set_argument(Request& request, std::string& bytes_of_value);

  const std::vector<Subject>& subjects_;
  std::mt19937_64 random_;
  std::uint32_t client_;
  std::uint64_t next_tag_;
};

/// Puts what the reply says into the request's operation. Returns what is wrong with the reply by
/// itself: torn, damaged, of the wrong kind. Requires: it is no error.
[[nodiscard]] std::optional<std::string> read_answer(const Subject& subject, Request& request,
                                                     const Reply& reply);

}  // namespace pkv::torture
