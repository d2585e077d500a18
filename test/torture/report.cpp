#include "torture/run.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace pkv::torture {
namespace {

[[gnu::format(printf, 2, 3)]] void add(std::string& text, const char* format, ...) {
  char line[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  text += line;
}

double milliseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

void add_times(std::string& text, const char* what, std::vector<Clock::duration> times) {
  if (times.empty()) return;
  std::sort(times.begin(), times.end());
  add(text, "%-44s  p50 %8.1f ms   max %8.1f ms\n", what, milliseconds(times[times.size() / 2]),
      milliseconds(times.back()));
}

}  // namespace

std::string text_of(const RunReport& report) {
  std::string text = "\ncommand          ok   unknown\n";
  std::size_t all = 0;
  for (std::size_t kind = 0; kind < request_names.size(); ++kind) {
    add(text, "%-8s %10zu %9zu\n", std::string(request_names[kind]).c_str(),
        report.clients.ok[kind], report.clients.unknown[kind]);
    all += report.clients.ok[kind] + report.clients.unknown[kind];
  }
  add(text, "%-8s %10zu   in %.1f s; connections lost: %zu\n\n", "all", all,
      report.duration.count(), report.clients.lost_connections);
  for (std::size_t kind = 0; kind < fault_names.size(); ++kind)
    if (report.faults.done[kind] > 0)
      add(text, "%-44s  %zu\n", std::string(fault_names[kind]).c_str(), report.faults.done[kind]);
  add_times(text, "longest wait of each client after each kill", report.faults.waits);
  add_times(text, "from a kill until the node served again", report.faults.recoveries);
  add(text, "%-44s  %zu, in %.1f million steps\n", "linearizable histories", report.linearizable,
      static_cast<double>(report.steps) / 1e6);
  for (const std::string& failure : report.failures)
    text += "\nFAILED: " + failure + (failure.ends_with('\n') ? "" : "\n");
  return text;
}

}  // namespace pkv::torture
