#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pkv::cli {

/// Appends the bytes in base64 with padding (RFC 4648, section 4).
void append_base64(std::string& to, std::string_view bytes);

/// Nothing if the text is not just what append_base64() would make of some bytes.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace pkv::cli
