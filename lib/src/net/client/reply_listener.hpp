#pragma once

#include "pkv/reply.hpp"

#include <boost/system/error_code.hpp>

namespace pkv {

/// Where a ClientConnection delivers the replies to what was sent for it.
///
/// None of the functions may destroy the listener or throw.
class ReplyListener {
 public:
  ReplyListener() = default;
  ReplyListener(const ReplyListener&) = delete;
  ReplyListener& operator=(const ReplyListener&) = delete;

  /// The next reply, in the order of the commands.
  virtual void on_reply(Reply&& reply) = 0;

  /// No further reply to this listener can be had without receiving more.
  virtual void on_turn_end() = 0;

  /// The connection has ended with replies missing. May be called more than once.
  virtual void on_closed(boost::system::error_code reason) = 0;

 protected:
  ~ReplyListener() = default;
};

}  // namespace pkv
