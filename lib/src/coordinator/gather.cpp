#include "coordinator/gather.hpp"

#include "coordinator/encode_reply.hpp"

#include <algorithm>
#include <cassert>

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

void GatherMistake::write_result(OutputQueue& to) const {
  to.append(found_ ? "-" + error_ + "\r\n" : "$-1\r\n");
}

void GatherArray::write_result(OutputQueue& to) const {
  encode_array_header(to, parts_.size());
  for (const Part& part : parts_)
    encode_reply(to, part.reply, part.frame);
}

void GatherCopies::take(std::uint32_t part, const wire::WireReply& reply,
                        const SharedFrame& frame) {
  const auto holder = std::find(holders_.begin(), holders_.end(), part);
  assert(holder != holders_.end());
  const auto place = static_cast<std::size_t>(holder - holders_.begin());
  answered_[place] = true;
  replies_[place] = reply;
  frames_[place] = frame;
}

void GatherCopies::write_result(OutputQueue& to) const {
  const auto count = std::ranges::count(answered_, true);
  if (count == 0) {
    wire::WireReply failure;
    failure.kind = wire::ReplyKind::error;
    failure.error = errc::node_down;
    encode_reply(to, failure, SharedFrame());
    return;
  }
  encode_array_header(to, static_cast<std::size_t>(count));
  for (std::size_t place = 0; place < holders_.size(); ++place)
    if (answered_[place]) encode_reply(to, replies_[place], frames_[place]);
}

void GatherNodes::write_result(OutputQueue& to) const {
  std::string encoded;
  append_reply(encoded, compose_(values_));
  to.append(encoded);
}

}  // namespace pkv
