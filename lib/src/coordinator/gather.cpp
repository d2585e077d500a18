#include "coordinator/gather.hpp"

#include "coordinator/encode_reply.hpp"

namespace pkv {

bool Gather::add(std::uint32_t part, const wire::WireReply& reply, const SharedFrame& frame) {
  if (reply.kind == wire::ReplyKind::error) {
    const bool left_out = lost_node_ == LostNode::is_left_out && reply.error == errc::node_down;
    if (!error_ && !left_out) error_ = reply;
  } else {
    take(part, reply, frame);
    held_bytes_ += reply.value.size();
  }
  return --missing_ == 0;
}

void Gather::write(OutputQueue& to) const {
  if (error_)
    encode_reply(to, *error_, SharedFrame());
  else
    write_result(to);
}

void GatherOk::write_result(OutputQueue& to) const {
  to.append("+OK\r\n");
}

void GatherSum::write_result(OutputQueue& to) const {
  encode_integer(to, sum_);
}

void GatherArray::write_result(OutputQueue& to) const {
  encode_array_header(to, parts_.size());
  for (const Part& part : parts_)
    encode_reply(to, part.reply, part.frame);
}

void GatherNodes::write_result(OutputQueue& to) const {
  std::string encoded;
  append_reply(encoded, compose_(values_));
  to.append(encoded);
}

}  // namespace pkv
