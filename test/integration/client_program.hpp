#pragma once

#include "support/program.hpp"
#include "support/server_thread.hpp"

#include <string>
#include <utility>
#include <vector>

namespace pkv::test {

/// A server, and the program pkv to talk to it.
class ClientProgram {
 public:
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> arguments = {}) const {
    std::vector<std::string> all{PKV_PROGRAM, "--port", std::to_string(server_.port())};
    for (std::string& argument : arguments)
      all.push_back(std::move(argument));
    return all;
  }

  [[nodiscard]] Outcome run(std::vector<std::string> arguments, std::string_view input = {}) const {
    return run_program(words(std::move(arguments)), input);
  }

  /// Runs it without arguments.
  [[nodiscard]] Outcome feed(std::string_view input) const { return run({}, input); }

  /// Runs it in a shell as $PKV, as part of a longer line.
  [[nodiscard]] Outcome shell(const std::string& line) const {
    const std::string port = std::to_string(server_.port());
    return run_program({"/bin/sh", "-c", "PKV='" PKV_PROGRAM " --port " + port + "'; " + line});
  }

 private:
  ServerThread server_;
};

/// A port of the loopback interface on which nobody listens.
[[nodiscard]] std::uint16_t unused_port();

}  // namespace pkv::test
