#pragma once

namespace pkv::cli {

/// What the program tells its caller.
enum class ExitStatus {
  success = 0,         ///< Every command was done.
  command_failed = 1,  ///< Some command failed; so does R of a key that is not there.
  usage = 2,           ///< The program was called in a way it does not understand.
  connection = 3,      ///< The server could not be reached, or was lost on the way.
};

}  // namespace pkv::cli
