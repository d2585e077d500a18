#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What keepers and rank 0 tell each other: lines of words, ended by a newline. The last word of a
/// report may hold blanks where the comment says so.
namespace pkv::mpi::control {

/// Longest line either side accepts, without the newline.
inline constexpr std::size_t longest_line_bytes = 4096;

/// Where rank 0 listens for keepers, as the job's key-value space holds it under this key.
inline constexpr const char* endpoint_key = "pkv-control";

struct Endpoint {
  std::uint16_t port = 0;
  std::string token;                   ///< What a keeper must know to be heard.
  std::vector<std::string> addresses;  ///< Of the machine, in digits; to be tried in turn.
};

/// One word. Addresses that do not fit are left out: a value has at most 1023 bytes.
[[nodiscard]] std::string encode(const Endpoint& endpoint);
[[nodiscard]] std::optional<Endpoint> decode_endpoint(std::string_view word);

// What a keeper reports.

/// The first line of a connection.
struct Hello {
  std::string token;
  int rank = 0;
  std::string host;
};

/// The rank has a new process; it is not ready yet.
struct Started {
  std::uint32_t epoch = 0;
  std::int64_t process_id = 0;
};

/// The process is in MPI. May be said again, of the same process, after a reconnection.
struct Ready {
  std::uint32_t epoch = 0;
  std::int64_t process_id = 0;
  std::string address;  ///< Its UCX address, opaque bytes; in hexadecimal on the line.
};

/// The process lives. `progress` is greater than in the last beat if it has got on: see Pulse.
struct Beat {
  std::uint32_t epoch = 0;
  std::uint64_t progress = 0;
};

struct Dead {
  std::uint32_t epoch = 0;
  std::string how;  ///< A few words.
};

using Report = std::variant<Hello, Started, Ready, Beat, Dead>;

// What rank 0 orders.

/// If the rank's process is of this epoch: kill it if it lives; as after any other death, the next
/// one is started, if there can be one.
struct Restart {
  std::uint32_t epoch = 0;
};

/// Kill the process, whatever its epoch.
struct Kill {};

/// The job ends: end the process if it does not end by itself, then end too.
struct Leave {};

using Order = std::variant<Restart, Kill, Leave>;

/// Whole lines, with the newline.
[[nodiscard]] std::string encode(const Report& report);
[[nodiscard]] std::string encode(const Order& order);

/// Of a line without its newline. Nothing if it is none of these.
[[nodiscard]] std::optional<Report> decode_report(std::string_view line);
[[nodiscard]] std::optional<Order> decode_order(std::string_view line);

[[nodiscard]] std::string to_hexadecimal(std::string_view bytes);
/// "-" stands for no bytes at all, so that it is a word.
[[nodiscard]] std::optional<std::string> from_hexadecimal(std::string_view digits);

}  // namespace pkv::mpi::control
