#include "mpi/scenario.hpp"

#include "pkv/kv_store.hpp"

#include "mpi/error.hpp"
#include "mpi/frame_exchange.hpp"
#include "mpi/waiter.hpp"
#include "mpi/worker_loop.hpp"
#include "wire/operation.hpp"
#include "wire/tags.hpp"
#include "wire/wire_reply.hpp"
#include "worker/dispatcher.hpp"

#include <mpi.h>

#include <memory>
#include <type_traits>
#include <vector>

namespace pkv::mpi {
namespace {

constexpr int scenario_tag = wire::last_tag + 1;  // none of the transport's
constexpr int coordinator = 0;

static_assert(std::is_trivially_copyable_v<Scenario>);

/// Waits without keeping a core from the rank that is being tested.
void wait_for(MPI_Request request) {
  TransportSettings settings;
  settings.waiting = Waiting::back_off;
  const std::unique_ptr<Waiter> waiter = make_waiter(settings);
  for (int done = 0;;) {
    check(MPI_Test(&request, &done, MPI_STATUS_IGNORE), "MPI_Test");
    if (done != 0) return;
    if (waiter->wants_sleep()) waiter->sleep(-1);
  }
}

Scenario next_scenario() {
  Scenario scenario;
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Irecv(&scenario, sizeof scenario, MPI_BYTE, coordinator, scenario_tag, MPI_COMM_WORLD,
                  &request),
        "MPI_Irecv");
  wait_for(request);
  return scenario;
}

void send_raw(const std::string& bytes, int tag) {
  MPI_Request request = MPI_REQUEST_NULL;
  check(MPI_Isend(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, coordinator, tag,
                  MPI_COMM_WORLD, &request),
        "MPI_Isend");
  wait_for(request);
}

result<void> echo(const wire::Frame& request, ReplySink& replies, std::size_t part_bytes) {
  wire::OperationReader reader(request.body(), request.header.count);
  wire::Operation operation;
  wire::Frame reply(replies.take_buffer());
  std::uint32_t answered = 0;
  while (reader.next(operation)) {
    wire::append_value(reply.bytes(), operation.value);
    ++reply.header.count;
    ++answered;
    if (reply.body_size() < part_bytes || answered == request.header.count) continue;
    reply.header.last = false;
    replies.send(std::move(reply));
    reply = wire::Frame(replies.take_buffer());
    reply.header = {};
  }
  if (!reader.complete()) return errc::malformed_frame;
  replies.send(std::move(reply));
  return {};
}

wire::FrameHeader await_request(const TransportSettings& settings) {
  FrameExchange exchange(settings.preferred_frame_bytes, 2);
  exchange.expect(coordinator, 0);
  const std::unique_ptr<Waiter> waiter = make_waiter(settings);
  std::vector<Received> received;
  while (!exchange.poll(received) || received.empty())
    if (waiter->wants_sleep()) waiter->sleep(-1);
  return received.front().frame.header;
}

/// In two messages, the header alone is the first.
std::string sealed(wire::FrameHeader header, const std::string& body, bool in_two = false) {
  header.kind = wire::FrameKind::reply;
  header.count = 1;
  header.body_bytes = body.size();
  std::string bytes(wire::header_bytes, '\0');
  if (in_two)
    wire::seal_parts(header, {}, wire::rest_checksum(body), bytes.data());
  else
    wire::seal(header, body, bytes.data());
  return bytes + body;
}

void send_in_two_messages(std::string frame, std::size_t body_bytes) {
  send_raw(frame.substr(0, wire::header_bytes), wire::frame_tag(0));
  send_raw(frame.substr(wire::header_bytes, body_bytes), wire::body_tag(0));
}

void do_damage(Damage damage, wire::FrameHeader header, std::size_t preferred_frame_bytes) {
  const std::string body = reply_to_damage(damage);
  const bool in_two = wire::header_bytes + body.size() > preferred_frame_bytes;
  std::string frame = sealed(header, body, in_two);
  switch (damage) {
    case Damage::none:
      return send_raw(frame, wire::frame_tag(0));
    case Damage::shorter_than_header:
      return send_raw(frame.substr(0, wire::header_bytes - 1), wire::frame_tag(0));
    case Damage::cut_by_one_byte:
      return send_raw(frame.substr(0, frame.size() - 1), wire::frame_tag(0));
    case Damage::one_byte_too_long:
      return send_raw(frame + "x", wire::frame_tag(0));
    case Damage::longer_than_any_frame:
      return send_raw(std::string(preferred_frame_bytes + 1, 'x'), wire::frame_tag(0));
    case Damage::bit_flipped_in_header:
      frame[9] ^= 1;
      return send_raw(frame, wire::frame_tag(0));
    case Damage::bit_flipped_in_body:
      frame.back() ^= 1;
      return send_raw(frame, wire::frame_tag(0));
    case Damage::other_slot:
      header.slot = 1;
      return send_raw(sealed(header, body), wire::frame_tag(0));
    case Damage::large_bit_flipped_in_body:
      frame.back() ^= 1;
      return send_in_two_messages(frame, body.size());
    case Damage::large_body_cut:
      return send_in_two_messages(frame, body.size() - 1);
    case Damage::old_reply_first: {
      wire::FrameHeader old = header;
      --old.sequence;
      send_raw(sealed(old, body), wire::frame_tag(0));
      return send_raw(frame, wire::frame_tag(0));
    }
  }
}

void play(const Scenario& scenario) {
  KVStore store;
  int rank = 0;
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank");
  Dispatcher dispatcher(store, NodeId{static_cast<std::uint32_t>(rank)}, 1, scenario.part_bytes);
  WorkerLoop::Handler handler = [&](const wire::Frame& request, ReplySink& replies) {
    return echo(request, replies, scenario.part_bytes);
  };
  if (scenario.behaviour == Behaviour::store)
    handler = [&](wire::Frame& request, ReplySink& replies) {
      return dispatcher.run(std::move(request), replies);
    };
  if (scenario.behaviour == Behaviour::refuse)
    handler = [](const wire::Frame&, ReplySink&) -> result<void> { return errc::malformed_frame; };
  if (scenario.behaviour == Behaviour::damage)
    do_damage(scenario.damage, await_request(scenario.settings),
              scenario.settings.preferred_frame_bytes);
  WorkerLoop(scenario.settings, handler, {}).run();
}

}  // namespace

void announce(const Scenario& scenario, int workers) {
  for (int rank = 1; rank <= workers; ++rank)
    check(MPI_Send(&scenario, sizeof scenario, MPI_BYTE, rank, scenario_tag, MPI_COMM_WORLD),
          "MPI_Send");
}

void play_scenarios() {
  for (Scenario scenario = next_scenario(); scenario.behaviour != Behaviour::leave;
       scenario = next_scenario())
    play(scenario);
}

std::string reply_to_damage(Damage damage) {
  const bool is_large =
      damage == Damage::large_bit_flipped_in_body || damage == Damage::large_body_cut;
  return std::string(is_large ? 1'000'000 : 100, 'r');
}

}  // namespace pkv::mpi
