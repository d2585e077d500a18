#include "mpi/frame_exchange.hpp"

#include "mpi/error.hpp"
#include "mpi/ucx_worker.hpp"
#include "wire/tags.hpp"

#include <utility>

namespace pkv::mpi {
namespace {

/// Behind a frame that is received into memory of its own: for what an engine that keeps the memory
/// notes there (ReceivedEntry).
constexpr std::size_t spare_bytes = 16;

Received failed(const Message& message, errc why) {
  return {message.peer, message.slot, why, wire::Frame()};
}

}  // namespace

FrameExchange::FrameExchange(std::size_t preferred_frame_bytes, std::size_t most_kept_buffers)
    : preferred_frame_bytes_(preferred_frame_bytes),
      buffers_(preferred_frame_bytes, most_kept_buffers) {}

void FrameExchange::set_epoch(int peer, std::uint32_t epoch) {
  const auto at = static_cast<std::size_t>(peer);
  if (at >= epochs_.size()) epochs_.resize(at + 1, wire::first_epoch);
  epochs_[at] = epoch;
}

std::uint32_t FrameExchange::epoch_of(int peer) const noexcept {
  const auto at = static_cast<std::size_t>(peer);
  return at < epochs_.size() ? epochs_[at] : wire::first_epoch;
}

void FrameExchange::send(int peer, wire::Frame frame) {
  const bool in_two = wire::header_bytes + frame.body_size() > preferred_frame_bytes_;
  if (frame.tail && (!in_two || frame.bytes().size() > preferred_frame_bytes_)) frame.join_tail();
  if (in_two) return send_in_two(peer, std::move(frame));
  frame.seal();
  const std::uint32_t slot = frame.header.slot;
  ByteBuffer bytes = std::move(frame.bytes());
  const Part whole{0, bytes.size()};
  send_message({Message::Role::send_frame, peer, slot, std::move(bytes)}, whole,
               wire::frame_tag(slot, epoch_of(peer)));
}

void FrameExchange::send_in_two(int peer, wire::Frame frame) {
  if (wire::header_bytes + frame.lead_bytes > preferred_frame_bytes_) frame.lead_bytes = 0;
  frame.seal_parts();
  const std::uint32_t slot = frame.header.slot;
  const int frame_tag = wire::frame_tag(slot, epoch_of(peer));
  const int body_tag = wire::body_tag(slot, epoch_of(peer));
  ByteBuffer bytes = std::move(frame.bytes());
  if (frame.tail) {
    const Part lead{0, bytes.size()};
    const Part rest{0, frame.tail.bytes().size()};
    send_message({Message::Role::send_frame, peer, slot, std::move(bytes)}, lead, frame_tag);
    send_message({Message::Role::send_tail, peer, slot, {}, std::move(frame.tail)}, rest, body_tag);
    return;
  }
  const Part lead{0, wire::header_bytes + frame.lead_bytes};
  const Part rest{lead.size, bytes.size() - lead.size};
  ByteBuffer first(lead.size);
  first.append(bytes.view().substr(0, lead.size));
  send_message({Message::Role::send_header, peer, slot, std::move(first)}, lead, frame_tag);
  send_message({Message::Role::send_frame, peer, slot, std::move(bytes)}, rest, body_tag);
}

void FrameExchange::send_message(Message message, Part part, int tag) {
  const std::size_t bytes = sent_bytes(message).size();
  try {
    requests_.send(std::move(message), part, tag);
    unsent_bytes_ += bytes;
  } catch (const Error&) {
    lost_peers_.push_back(failed(message, errc::node_down));
    keep_sent(std::move(message));
  }
}

void FrameExchange::expect(int peer, std::uint32_t slot) {
  ByteBuffer bytes = buffers_.take();
  bytes.resize(preferred_frame_bytes_);
  requests_.receive({Message::Role::receive_frame, peer, slot, std::move(bytes)},
                    {0, preferred_frame_bytes_}, wire::frame_tag(slot, epoch_of(peer)));
}

bool FrameExchange::poll(std::vector<Received>& received) {
  requests_.poll(finished_);
  const bool happened = !finished_.empty() || !lost_peers_.empty();
  for (Finished& done : finished_) {
    switch (done.message.role) {
      case Message::Role::send_frame:
      case Message::Role::send_header:
      case Message::Role::send_tail:
        finish_send(done);
        break;
      case Message::Role::receive_frame:
        if (auto frame = finish_frame(done)) received.push_back(std::move(*frame));
        break;
      case Message::Role::receive_body:
        received.push_back(finish_body(done));
        break;
    }
  }
  finished_.clear();
  for (Received& lost : lost_peers_)
    received.push_back(std::move(lost));
  lost_peers_.clear();
  return happened;
}

void FrameExchange::finish_send(Finished& done) {
  unsent_bytes_ -= sent_bytes(done.message).size();
  if (done.error_code != MPI_SUCCESS) lost_peers_.push_back(failed(done.message, errc::node_down));
  keep_sent(std::move(done.message));
}

void FrameExchange::keep_sent(Message message) {
  if (message.role != Message::Role::send_frame) return;
  const char* const original = message.bytes.data();
  sent_.push_back({message.peer, message.slot, original, std::move(message.bytes)});
}

void FrameExchange::recycle_sent() noexcept {
  for (Sent& frame : sent_)
    buffers_.recycle(std::move(frame.bytes));
  sent_.clear();
}

void FrameExchange::disconnect(int peer) {
  requests_.abandon(peer, [this](const Message& unsent) {
    unsent_bytes_ -= sent_bytes(unsent).size();
    if (unsent.role != Message::Role::send_frame) return;
    ByteBuffer copy(unsent.bytes.size());
    copy.append(unsent.bytes.view());
    sent_.push_back({unsent.peer, unsent.slot, unsent.bytes.data(), std::move(copy)});
  });
  std::erase_if(lost_peers_, [peer](const Received& lost) { return lost.peer == peer; });
  UcxWorker::close_peer(peer);
}

bool FrameExchange::reconnect(int peer, std::uint32_t epoch, std::string_view address) {
  if (!UcxWorker::replace_peer(peer, address)) return false;
  set_epoch(peer, epoch);
  return true;
}

std::optional<Received> FrameExchange::finish_frame(Finished& done) {
  Message& message = done.message;
  // An error here is a message longer than the buffer, which no sound peer sends.
  if (done.error_code != MPI_SUCCESS || done.received_bytes < wire::header_bytes)
    return failed(message, errc::malformed_frame);
  message.bytes.resize(done.received_bytes);
  const result<wire::FrameHeader> header = wire::decode_header(message.bytes.view());
  if (!header || header->slot != message.slot) return failed(message, errc::malformed_frame);

  const std::string_view body = message.bytes.view().substr(wire::header_bytes);
  if (wire::header_bytes + header->body_bytes > preferred_frame_bytes_) {
    if (body.size() >= header->body_bytes) return failed(message, errc::malformed_frame);
    receive_body(message.peer, *header, std::move(message.bytes));
    return std::nullopt;
  }
  if (body.size() != header->body_bytes || !wire::body_matches(message.bytes.view(), body))
    return failed(message, errc::malformed_frame);
  return Received{message.peer, message.slot, std::nullopt,
                  wire::Frame(*header, std::move(message.bytes))};
}

void FrameExchange::receive_body(int peer, const wire::FrameHeader& header, ByteBuffer first) {
  const std::size_t frame_bytes = wire::header_bytes + static_cast<std::size_t>(header.body_bytes);
  const Part rest{first.size(), frame_bytes - first.size()};
  ByteBuffer whole(frame_bytes + spare_bytes);
  whole.append(first.view());
  whole.resize(frame_bytes);
  buffers_.recycle(std::move(first));
  Message message{Message::Role::receive_body, peer, header.slot, std::move(whole)};
  message.lead_bytes = rest.offset - wire::header_bytes;
  requests_.receive(std::move(message), rest, wire::body_tag(header.slot, epoch_of(peer)));
}

Received FrameExchange::finish_body(Finished& done) {
  Message& message = done.message;
  const std::string_view bytes = message.bytes.view();
  const std::string_view lead = bytes.substr(wire::header_bytes, message.lead_bytes);
  const std::string_view rest = bytes.substr(wire::header_bytes + message.lead_bytes);
  const result<wire::FrameHeader> header = wire::decode_header(bytes);
  if (done.error_code != MPI_SUCCESS || done.received_bytes != rest.size() || !header)
    return failed(message, errc::malformed_frame);
  const std::uint64_t checksum = wire::rest_checksum(rest);
  if (!wire::parts_match(bytes, lead, checksum)) return failed(message, errc::malformed_frame);
  Received received{message.peer, message.slot, std::nullopt,
                    wire::Frame(*header, std::move(message.bytes))};
  received.frame.lead_bytes = message.lead_bytes;
  received.frame.rest_checksum = checksum;
  return received;
}

}  // namespace pkv::mpi
