#include "pkv/errc.hpp"

#include <string>

namespace pkv {
namespace {

const char* text(errc e) noexcept {
  switch (e) {
    case errc::key_too_long:
      return "key is too long";
    case errc::value_too_long:
      return "value is too long";
    case errc::malformed_frame:
      return "malformed frame between ranks";
    case errc::overloaded:
      return "too many commands under way, try again";
    case errc::worker_timeout:
      return "the node that owns the key did not answer in time";
    case errc::shutting_down:
      return "the server is shutting down";
    case errc::key_exists:
      return "key already exists";
    case errc::key_not_found:
      return "no such key";
    case errc::not_an_integer:
      return "value is not an integer or out of range";
    case errc::integer_overflow:
      return "increment or decrement would overflow";
    case errc::protocol_error:
      return "the peer broke the protocol";
    case errc::connection_lost:
      return "the connection to the server was lost";
    case errc::timed_out:
      return "timed out";
    case errc::node_down:
      return "the node that owns the key is down";
    case errc::storage_failure:
      return "the storage engine failed";
    case errc::out_of_memory:
      return "out of memory";
    case errc::command_refused:
      return "the server refused the command";
    case errc::view_lost:
      return "the view of the entries ended before it was read";
  }
  return "unknown pkv error";
}

// Boost's base class is never destroyed through a pointer; its destructor is simply not virtual.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "pkv"; }
  std::string message(int value) const override { return text(static_cast<errc>(value)); }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& category() noexcept {
  static const Category instance;
  return instance;
}

}  // namespace pkv
