#include "mpi/frame_exchange.hpp"

#include "mpi/error.hpp"
#include "wire/tags.hpp"

#include <utility>

namespace pkv::mpi {
namespace {

Received failed(const Message& message, errc why) {
  return {message.peer, message.slot, why, wire::Frame()};
}

}  // namespace

FrameExchange::FrameExchange(std::size_t preferred_frame_bytes, std::size_t most_kept_buffers)
    : preferred_frame_bytes_(preferred_frame_bytes),
      buffers_(preferred_frame_bytes, most_kept_buffers) {}

void FrameExchange::send(int peer, wire::Frame frame) {
  frame.seal();
  const std::uint32_t slot = frame.header.slot;
  ByteBuffer bytes = std::move(frame.bytes());
  if (bytes.size() <= preferred_frame_bytes_) {
    const Part whole{0, bytes.size()};
    send_message({Message::Role::send, peer, slot, std::move(bytes)}, whole, wire::frame_tag(slot));
    return;
  }
  ByteBuffer header(wire::header_bytes);
  header.append(bytes.view().substr(0, wire::header_bytes));
  const Part body{wire::header_bytes, bytes.size() - wire::header_bytes};
  send_message({Message::Role::send, peer, slot, std::move(header)}, {0, wire::header_bytes},
               wire::frame_tag(slot));
  send_message({Message::Role::send, peer, slot, std::move(bytes)}, body, wire::body_tag(slot));
}

void FrameExchange::send_message(Message message, Part part, int tag) {
  const int peer = message.peer;
  const std::uint32_t slot = message.slot;
  const std::size_t bytes = message.bytes.size();
  try {
    requests_.send(std::move(message), part, tag);
    unsent_bytes_ += bytes;
  } catch (const Error&) {
    lost_peers_.push_back({peer, slot, errc::node_down, wire::Frame()});
  }
}

void FrameExchange::expect(int peer, std::uint32_t slot) {
  ByteBuffer bytes = buffers_.take();
  bytes.resize(preferred_frame_bytes_);
  requests_.receive({Message::Role::receive_frame, peer, slot, std::move(bytes)},
                    {0, preferred_frame_bytes_}, wire::frame_tag(slot));
}

bool FrameExchange::poll(std::vector<Received>& received) {
  requests_.poll(finished_);
  const bool happened = !finished_.empty() || !lost_peers_.empty();
  for (Finished& done : finished_) {
    switch (done.message.role) {
      case Message::Role::send:
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
  unsent_bytes_ -= done.message.bytes.size();
  if (done.error_code != MPI_SUCCESS) lost_peers_.push_back(failed(done.message, errc::node_down));
  buffers_.recycle(std::move(done.message.bytes));
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
    if (!body.empty()) return failed(message, errc::malformed_frame);
    receive_body(message.peer, *header, std::move(message.bytes));
    return std::nullopt;
  }
  if (body.size() != header->body_bytes || !wire::body_matches(message.bytes.view(), body))
    return failed(message, errc::malformed_frame);
  return Received{message.peer, message.slot, std::nullopt,
                  wire::Frame(*header, std::move(message.bytes))};
}

void FrameExchange::receive_body(int peer, const wire::FrameHeader& header,
                                 ByteBuffer header_bytes) {
  const Part body{wire::header_bytes, static_cast<std::size_t>(header.body_bytes)};
  ByteBuffer whole(body.offset + body.size);
  whole.append(header_bytes.view());
  whole.resize(body.offset + body.size);
  buffers_.recycle(std::move(header_bytes));
  requests_.receive({Message::Role::receive_body, peer, header.slot, std::move(whole)}, body,
                    wire::body_tag(header.slot));
}

Received FrameExchange::finish_body(Finished& done) {
  Message& message = done.message;
  const std::string_view bytes = message.bytes.view();
  const std::string_view body = bytes.substr(wire::header_bytes);
  const result<wire::FrameHeader> header = wire::decode_header(bytes);
  if (done.error_code != MPI_SUCCESS || done.received_bytes != body.size() || !header ||
      !wire::body_matches(bytes, body))
    return failed(message, errc::malformed_frame);
  return {message.peer, message.slot, std::nullopt, wire::Frame(*header, std::move(message.bytes))};
}

}  // namespace pkv::mpi
