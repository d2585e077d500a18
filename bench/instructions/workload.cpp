#include "instructions/workload.hpp"

#include <array>
#include <cstdio>
#include <string_view>

namespace pkv::instructions {
namespace {

constexpr std::size_t key_bytes = 16;

void append_key(std::string& to, std::size_t number) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "key:%012zu", number);
  to += "$16\r\n";
  to.append(text.data(), key_bytes);
  to += "\r\n";
}

}  // namespace

void append_request(std::string& to, Kind kind, std::size_t key_number) {
  if (kind == Kind::get) {
    to += "*2\r\n$3\r\nGET\r\n";
    append_key(to, key_number);
    return;
  }
  to += "*3\r\n$3\r\nSET\r\n";
  append_key(to, key_number);
  to += "$64\r\n";
  to.append(value_bytes, 'x');
  to += "\r\n";
}

std::size_t answer_bytes(Kind kind) noexcept {
  constexpr std::string_view stored = "+OK\r\n";
  constexpr std::size_t value_syntax_bytes = std::string_view("$64\r\n\r\n").size();
  return kind == Kind::get ? value_syntax_bytes + value_bytes : stored.size();
}

std::string Requests::next(std::size_t count) {
  std::string requests;
  for (std::size_t i = 0; i < count; ++i)
    append_request(requests, kind_, random_() % key_count);
  return requests;
}

}  // namespace pkv::instructions
