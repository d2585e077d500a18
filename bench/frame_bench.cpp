// What the workers' frames cost, in operations and bytes per second and core

#include "base/byte_buffer.hpp"
#include "wire/frame.hpp"
#include "wire/operation.hpp"
#include "wire/transport.hpp"
#include "wire/wire_reply.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

// A request of n SETs with 16-byte keys and 64-byte values, and the reply to n GETs of these, are
// written and read as rank 0 and the workers do it: a header with two checksums, and the body.
// Buffers are used again, as the transport does it. Bytes are those of whole frames.
namespace {

using namespace pkv;

const std::string key = "key:000000123456";
const std::string value(64, 'v');

wire::Operation set_of(std::uint32_t offset) {
  return {.opcode = wire::Opcode::put, .sequence_offset = offset, .key = key, .value = value};
}

/// An encoded request, in `buffer`.
wire::Frame request_of(std::uint32_t operations, ByteBuffer buffer) {
  wire::Frame frame(std::move(buffer));
  frame.header.kind = wire::FrameKind::request;
  for (std::uint32_t i = 0; i < operations; ++i)
    wire::append_operation(frame.bytes(), set_of(i));
  frame.header.count = operations;
  frame.seal();
  return frame;
}

/// An encoded reply, in `buffer`.
wire::Frame reply_of(std::uint32_t values, ByteBuffer buffer) {
  wire::Frame frame(std::move(buffer));
  frame.header.kind = wire::FrameKind::reply;
  for (std::uint32_t i = 0; i < values; ++i)
    wire::append_value(frame.bytes(), value);
  frame.header.count = values;
  frame.seal();
  return frame;
}

using Encode = wire::Frame (*)(std::uint32_t count, ByteBuffer buffer);

std::uint32_t count_of(const benchmark::State& state) {
  return static_cast<std::uint32_t>(state.range(0));
}

void report(benchmark::State& state, std::size_t frame_bytes) {
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(frame_bytes));
}

void encode(benchmark::State& state, Encode encode_frame) {
  ByteBuffer buffer;
  std::size_t frame_bytes = 0;
  for (auto _ : state) {
    wire::Frame frame = encode_frame(count_of(state), std::move(buffer));
    benchmark::DoNotOptimize(frame.bytes().data());
    benchmark::ClobberMemory();
    buffer = std::move(frame.bytes());
    frame_bytes = buffer.size();
  }
  report(state, frame_bytes);
}

/// Checks a frame and reads everything in it. `Reader` reads items of type `Item`.
template <class Reader, class Item>
void decode(benchmark::State& state, Encode encode_frame) {
  const wire::Frame frame = encode_frame(count_of(state), ByteBuffer());
  std::string_view bytes = frame.bytes().view();
  for (auto _ : state) {
    benchmark::DoNotOptimize(bytes);
    benchmark::ClobberMemory();
    const auto header = wire::decode_header(bytes);
    const std::string_view body = bytes.substr(wire::header_bytes);
    if (!header || !wire::body_matches(bytes, body)) std::abort();
    Reader reader(body, header->count);
    Item item;
    while (reader.next(item))
      benchmark::DoNotOptimize(item);
    if (!reader.complete()) std::abort();
  }
  report(state, bytes.size());
}

void encode_request(benchmark::State& state) {
  encode(state, request_of);
}
void decode_request(benchmark::State& state) {
  decode<wire::OperationReader, wire::Operation>(state, request_of);
}
void encode_reply(benchmark::State& state) {
  encode(state, reply_of);
}
void decode_reply(benchmark::State& state) {
  decode<wire::ReplyReader, wire::WireReply>(state, reply_of);
}

void batch_sizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("batch")->Arg(1)->Arg(16)->Arg(256);
}

BENCHMARK(encode_request)->Apply(batch_sizes);
BENCHMARK(decode_request)->Apply(batch_sizes);
BENCHMARK(encode_reply)->Apply(batch_sizes);
BENCHMARK(decode_reply)->Apply(batch_sizes);

}  // namespace
