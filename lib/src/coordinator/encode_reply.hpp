#pragma once

#include "coordinator/output_queue.hpp"
#include "coordinator/shared_frame.hpp"
#include "wire/wire_reply.hpp"

namespace pkv {

/// Appends a worker's answer in the client's protocol (RESP2). A large value is not copied: the
/// output refers to `frame`, in which it must lie.
void encode_reply(OutputQueue& to, const wire::WireReply& reply, const SharedFrame& frame);

/// Appends ":<number>\r\n".
void encode_integer(OutputQueue& to, std::int64_t number);

/// Appends the head of an array; that many replies must follow.
void encode_array_header(OutputQueue& to, std::size_t elements);

}  // namespace pkv
