// How long copying keeps a node from its other work, page by page
//
// A node copies all that it holds to another one, in pages as the server asks for them when nothing
// hinders it: the largest. Shown is the time that one page takes at the node that reads it and at
// the one that puts it, in which neither does anything else. Counted is the time that the thread
// runs, so that what else the machine does meanwhile is left out; page faults are in it.

#include "pkv/kv_store.hpp"

#include "base/byte_buffer.hpp"
#include "base/latency_histogram.hpp"
#include "coordinator/copy_pace.hpp"
#include "wire/copying.hpp"
#include "wire/operation.hpp"
#include "wire/wire_reply.hpp"
#include "worker/copying.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>
#include <time.h>
#include <vector>

namespace {

constexpr std::uint32_t set_of_all = 1;

std::chrono::nanoseconds thread_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

/// Runs one operation and returns what it answers, or ends the program.
std::string_view run(pkv::Copying& node, pkv::wire::Opcode opcode, std::string_view value,
                     pkv::ByteBuffer& answer) {
  pkv::wire::Operation operation;
  operation.opcode = opcode;
  operation.value = value;
  answer.clear();
  node.run(operation, answer);
  pkv::wire::ReplyReader reader(answer.view(), 1);
  pkv::wire::WireReply reply;
  if (!reader.next(reply) || reply.kind == pkv::wire::ReplyKind::error) {
    std::fputs("the node refused to copy\n", stderr);
    std::exit(EXIT_FAILURE);
  }
  return reply.value;
}

void define(pkv::Copying& node, const std::vector<pkv::wire::RingRange>& ranges) {
  pkv::ByteBuffer value;
  pkv::wire::append_ranges(value, set_of_all, ranges);
  pkv::ByteBuffer answer;
  static_cast<void>(run(node, pkv::wire::Opcode::define_ranges, value.view(), answer));
}

/// As many equal ranges as points on the ring are moved, together a share of it.
std::vector<pkv::wire::RingRange> ranges_of(double share) {
  constexpr std::uint64_t count = 2'048;
  constexpr std::uint64_t width = std::numeric_limits<std::uint64_t>::max() / count;
  std::vector<pkv::wire::RingRange> ranges;
  for (std::uint64_t i = 0; i < count; ++i)
    ranges.push_back({i * width, i * width + static_cast<std::uint64_t>(
                                                 share * static_cast<double>(width - 1))});
  return ranges;
}

double milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

void print(const char* what, const pkv::LatencyHistogram& times) {
  std::printf("  %-12s %8llu pages %10.3f %10.3f %10.3f\n", what,
              static_cast<unsigned long long>(times.count()), milliseconds(times.percentile(50)),
              milliseconds(times.percentile(99)), milliseconds(times.largest()));
}

void measure(std::size_t entries, std::size_t value_bytes, double share) {
  pkv::KVStore source_store;
  pkv::KVStore destination_store;
  const std::string value(value_bytes, 'v');
  for (std::size_t i = 0; i < entries; ++i)
    static_cast<void>(source_store.put("key" + std::to_string(i), value, i + 1));
  pkv::StoreViews source_views(source_store, {});
  pkv::StoreViews destination_views(destination_store, {});
  pkv::Copying source(source_store, source_views);
  pkv::Copying destination(destination_store, destination_views);
  define(source, ranges_of(share));

  const pkv::CopySettings settings;
  pkv::LatencyHistogram reading;
  pkv::LatencyHistogram putting;
  pkv::ByteBuffer request;
  pkv::ByteBuffer page;
  pkv::ByteBuffer answer;
  for (std::uint64_t next = 0; next < pkv::wire::scan_end;) {
    request.clear();
    pkv::wire::append_copy_request(request, {.set = set_of_all,
                                             .from = next,
                                             .most_bytes = settings.most_page_bytes,
                                             .most_entries = settings.most_page_entries});
    const auto begin = thread_time();
    const std::string_view read = run(source, pkv::wire::Opcode::copy_page, request.view(), page);
    const auto middle = thread_time();
    static_cast<void>(run(destination, pkv::wire::Opcode::copy_in, read, answer));
    putting.record(thread_time() - middle);
    reading.record(middle - begin);
    next = pkv::wire::PageReader(read).next_position();
  }
  std::printf("%zu entries, values of %zu bytes, %.0f %% of them copied\n", entries, value_bytes,
              100 * share);
  print("read a page", reading);
  print("put a page", putting);
}

}  // namespace

int main() {
  std::printf("%-33s %10s %10s %10s   (milliseconds)\n", "", "median", "99 %", "longest");
  measure(1'000'000, 64, 1.0);
  measure(1'000'000, 64, 0.15);
  measure(100'000, 1'024, 1.0);
  measure(2'000, 65'536, 1.0);
  measure(200, 1 << 20, 1.0);
}
