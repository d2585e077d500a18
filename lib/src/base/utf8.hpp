#pragma once

#include <string_view>

namespace pkv {

/// Whether the bytes are text: UTF-8 (RFC 3629, so neither overlong forms nor surrogates) without
/// a zero.
[[nodiscard]] bool is_utf8_text(std::string_view bytes) noexcept;

}  // namespace pkv
