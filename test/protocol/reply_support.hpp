#pragma once

#include "pkv/reply.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace pkv::test {

inline std::string encoded(const Reply& reply) {
  std::string bytes;
  append_reply(bytes, reply);
  return bytes;
}

/// Every kind of reply with contents at the edges.
inline std::vector<Reply> sample_replies() {
  const std::string binary("\r\n$-1\r\n\0\xff", 9);
  std::vector<Reply> replies = {
      Reply::nil(),
      Reply::status("OK"),
      Reply::status(""),
      Reply::error("ERR something went wrong"),
      Reply::error(""),
      Reply::integer(0),
      Reply::integer(9),
      Reply::integer(10),
      Reply::integer(-1),
      Reply::integer(123456789012),
      Reply::integer(std::numeric_limits<std::int64_t>::max()),
      Reply::integer(std::numeric_limits<std::int64_t>::min()),
      Reply::bulk(""),
      Reply::bulk("value"),
      Reply::bulk(binary),
      Reply::bulk(std::string(300, '\r')),
      Reply::array({}),
      Reply::array({Reply::nil()}),
      Reply::array({Reply::array({}), Reply::array({Reply::array({Reply::integer(1)})})}),
  };
  replies.push_back(Reply::array(std::vector<Reply>(replies)));
  replies.push_back(Reply::array(std::vector<Reply>(100, Reply::bulk("x"))));
  return replies;
}

}  // namespace pkv::test
