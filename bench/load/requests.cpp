#include "load/requests.hpp"

#include <fmt/format.h>

#include <cstring>

namespace pkv::bench {
namespace {

constexpr std::string_view crlf = "\r\n";

char* put(char* to, std::string_view bytes) noexcept {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

}  // namespace

Requests::Requests(Protocol protocol, const Keys& keys, const ValuePattern& values)
    : keys_(keys), values_(values) {
  if (protocol == Protocol::resp) {
    before_get_key_ = fmt::format("*2\r\n$3\r\nGET\r\n${}\r\n", keys.key_bytes());
    before_set_key_ = fmt::format("*3\r\n$3\r\nSET\r\n${}\r\n", keys.key_bytes());
    before_value_ = fmt::format("\r\n${}\r\n", values.value_bytes());
  } else {
    before_get_key_ = "get ";
    before_set_key_ = "set ";
    before_value_ = fmt::format(" 0 0 {}\r\n", values.value_bytes());
  }
  get_bytes_ = before_get_key_.size() + keys.key_bytes() + crlf.size();
  set_bytes_ = before_set_key_.size() + keys.key_bytes() + before_value_.size() +
               values.value_bytes() + crlf.size();
}

void Requests::append_get(ByteBuffer& to, std::uint64_t key) const {
  char* at = put(to.extend(get_bytes_), before_get_key_);
  keys_.write(at, key);
  put(at + keys_.key_bytes(), crlf);
}

void Requests::append_set(ByteBuffer& to, std::uint64_t key, std::uint64_t version) const {
  char* at = put(to.extend(set_bytes_), before_set_key_);
  keys_.write(at, key);
  at = put(at + keys_.key_bytes(), before_value_);
  values_.write(at, key, version);
  put(at + values_.value_bytes(), crlf);
}

void append_scan(ByteBuffer& to, std::string_view cursor, unsigned count) {
  const std::string number = std::to_string(count);
  to.append(fmt::format("*4\r\n$4\r\nSCAN\r\n${}\r\n{}\r\n$5\r\nCOUNT\r\n${}\r\n{}\r\n",
                        cursor.size(), cursor, number.size(), number));
}

}  // namespace pkv::bench
