#pragma once

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace pkv {

/// What this library itself can report. The numbers travel between ranks: append, never renumber.
enum class errc {
  key_too_long = 1,     ///< Key longer than Limits::max_key_bytes.
  value_too_long = 2,   ///< Value longer than Limits::max_value_bytes.
  malformed_frame = 3,  ///< A frame between ranks broke the format.
  overloaded = 4,       ///< Too much under way; the caller may retry.
  worker_timeout =
      5,  ///< The owner did not answer within Limits::reply_timeout; a write may have happened.
  shutting_down = 6,      ///< The store is stopping and accepts no new work.
  key_exists = 7,         ///< create: the key is there already.
  key_not_found = 8,      ///< read, update, erase: there is no such key.
  not_an_integer = 9,     ///< The value is not a decimal 64-bit integer.
  integer_overflow = 10,  ///< The result would not fit into 64 bits.
  protocol_error = 11,    ///< The peer of a connection broke the protocol.
  connection_lost = 12,   ///< The connection ended before the answer came.
  timed_out = 13,         ///< A connection attempt or a request took longer than its deadline.
  node_down = 14,         ///< The node that owns the key is not there.
  storage_failure = 15,   ///< The engine could not read or write its data.
  out_of_memory = 16,     ///< There was no memory for the value.
  command_refused = 17,   ///< The server's reply was an error that has no number here.
  view_lost = 18,         ///< The view of a node's entries ended before it was read.
};

/// The category of errc. There is one object: categories compare by address.
[[nodiscard]] const boost::system::error_category& category() noexcept;

[[nodiscard]] inline boost::system::error_code make_error_code(errc e) noexcept {
  return {static_cast<int>(e), category()};
}

/// A T, or the error_code saying why there is none.
template <class T>
using result = boost::system::result<T>;

}  // namespace pkv

template <>
struct boost::system::is_error_code_enum<pkv::errc> : std::true_type {};
