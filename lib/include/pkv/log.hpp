#pragma once

#include <functional>
#include <string_view>

namespace pkv {

enum class LogLevel { debug, info, warning, error };

/// Where the library reports what an operator should know. Called with one line, without newline.
///
/// Keys and values are never passed to it. It may be called from any thread of the library, so it
/// must be thread-safe; it must not throw. An empty sink discards everything.
using LogSink = std::function<void(LogLevel, std::string_view)>;

}  // namespace pkv
