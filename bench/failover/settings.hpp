#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pkv::failover {

/// What happens to the nodes. Each is undone before another kind begins.
enum class Disturbance {
  fail,    ///< Some nodes lose all they hold, one after the other; later they are restored.
  kill,    ///< The process of a node is killed, and comes back by itself.
  drain,   ///< A node gives away what it holds; later it is restored.
  weight,  ///< A node shall hold more; later as much as before.
};

/// What to run. The same settings give the same events to the same nodes, and the same commands.
struct Settings {
  int workers = 8;
  std::size_t replicas = 2;
  std::size_t keys = 200'000;  ///< Loaded before; the load only reads and overwrites them.
  std::size_t value_bytes = 64;

  std::size_t connections = 8;
  std::size_t pipeline = 8;         ///< Commands that a connection sends at once.
  std::uint64_t rate = 20'000;      ///< Most commands per second, all connections together; 0: any.
  unsigned read_percent = 70;       ///< The others are writes.
  double seconds_between = 4;       ///< Length of a phase: nothing happens between two events.
  std::size_t events = 18;          ///< At least so many; nothing is left undone.
  std::size_t failed_together = 2;  ///< Most nodes failed at a time.
  double weight = 2;                ///< For Disturbance::weight; all nodes begin with 1.
  std::vector<Disturbance> disturbances = {Disturbance::fail, Disturbance::kill, Disturbance::drain,
                                           Disturbance::weight};
  std::uint64_t seed = 1;

  std::filesystem::path output = "failover";  ///< Folder for the files.
  std::vector<std::string> server_options;    ///< More words for the server's command line.
  /// Of a server that runs already, on this machine and without keys; 0: one is started.
  std::uint16_t port = 0;
};

/// Reads the command line. Returns nothing if there is nothing to run, because of --help or a
/// mistake; it has said so then, and set `exit_status`.
[[nodiscard]] std::optional<Settings> parse_settings(int argument_count, char** arguments,
                                                     int& exit_status);

/// What is run, in a few lines.
[[nodiscard]] std::string describe(const Settings& settings);

}  // namespace pkv::failover
