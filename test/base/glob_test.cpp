#include "base/glob.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <random>
#include <string>
#include <string_view>

using pkv::GlobPattern;

namespace {

struct Case {
  const char* pattern;
  const char* name;
  bool matches;
};

// What KEYS of redis-server 7.0.15 says to these.
// clang-format off
constexpr Case recorded[] = {
    {"*", "a", true},
    {"a*", "abc", true},
    {"a*", "a", true},
    {"a*", "ba", false},
    {"*c", "abc", true},
    {"*c", "cd", false},
    {"a*c", "abbbc", true},
    {"a*c", "ac", true},
    {"a*c", "acd", false},
    {"a*b*c", "axbxc", true},
    {"a*b*c", "axcxb", false},
    {"**", "a", true},
    {"a**c", "abc", true},
    {"a*b", "aab", true},
    {"*aab", "aaaab", true},
    {"*a*", "bbb", false},
    {"?", "a", true},
    {"?", "ab", false},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"???", "abc", true},
    {"?*", "a", true},
    {"*?", "a", true},
    {"a?*", "a", false},
    {"[abc]", "b", true},
    {"[abc]", "d", false},
    {"[a-c]", "b", true},
    {"[c-a]", "b", true},
    {"[a-c]", "d", false},
    {"[^a-c]", "b", false},
    {"[^a-c]", "d", true},
    {"[^a]x", "bx", true},
    {"x[ab]*", "xbyy", true},
    {"[ab", "b", true},
    {"[ab", "c", false},
    {"[]", "a", false},
    {"[]a]", "a", false},
    {"[]a]", "a]", false},
    {"[^]", "a", true},
    {"[^]x", "ax", true},
    {"[", "[", false},
    {"[^", "x", true},
    {"a[", "a", false},
    {"[a-]", "a", true},
    {"[a-]", "-", false},
    {"[a-]x", "b", false},
    {"[-a]", "-", true},
    {"[-a]", "a", true},
    {"[\\]]", "]", true},
    {"[\\]]", "\\", false},
    {"[a\\-z]", "-", true},
    {"[a\\-z]", "b", false},
    {"[\\a]", "a", true},
    {"[a-\\]]", "b", false},
    {"[!a]", "b", false},
    {"[!a]", "!", true},
    {"[a^]", "^", true},
    {"[abc", "abc", false},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"\\?", "?", true},
    {"\\a", "a", true},
    {"\\", "\\", true},
    {"\\\\", "\\", true},
    {"a\\", "a\\", true},
    {"a\\[b]", "a[b]", true},
    {"a\\[b]", "ab", false},
    {"abc", "abc", true},
    {"abc", "ABC", false},
    {"abc", "ab", false},
    {"ab", "abc", false},
    {"abc", "xabc", false},
    {"]", "]", true},
    {"a-c", "b", false},
    {"user:*:name", "user:17:name", true},
    {"user:*:name", "user:17:names", false},
    {"user:[0-9]*", "user:x", false},
    {"", "a", false},
    {"a.c", "abc", false},
    {"*.*", "a.b", true},
    {"h\303?o", "h\303\244o", true},
    {"*\n*", "a\nb", true},
    {"??", "\303\244", true},
    {"a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaa", false},
    {"[a-z]*[0-9]", "name7", true},
    {"[a-z]*[0-9]", "name", false},
};
// clang-format on

bool matches(std::string_view pattern, std::string_view name) {
  return GlobPattern(pattern).matches(name);
}

/// Of patterns without brackets and backslashes, by trying.
bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() == '*')
    return fits(pattern.substr(1), name) || (!name.empty() && fits(pattern, name.substr(1)));
  if (name.empty()) return false;
  const bool one = pattern.front() == '?' || pattern.front() == name.front();
  return one && fits(pattern.substr(1), name.substr(1));
}

std::string random_text(std::mt19937& random, std::string_view bytes, std::size_t most) {
  std::string text(random() % (most + 1), ' ');
  for (char& byte : text)
    byte = bytes[random() % bytes.size()];
  return text;
}

}  // namespace

TEST_CASE("Glob: a name fits a pattern where it does in Redis", "[base][glob]") {
  for (const Case& one : recorded) {
    CAPTURE(one.pattern, one.name);
    CHECK(matches(one.pattern, one.name) == one.matches);
  }
}

TEST_CASE("Glob: an empty name fits what asks for no byte", "[base][glob]") {
  CHECK(matches("", ""));
  CHECK(matches("*", ""));
  CHECK(matches("**", ""));
  CHECK_FALSE(matches("?", ""));
  CHECK_FALSE(matches("*?", ""));
  CHECK_FALSE(matches("a", ""));
  CHECK_FALSE(matches("[", ""));
}

TEST_CASE("Glob: all bytes are equal", "[base][glob]") {
  const std::string zeros("\0a\0", 3);
  CHECK(matches(zeros, zeros));
  CHECK(matches(std::string_view("*\0", 2), zeros));
  CHECK_FALSE(matches(std::string_view("\0", 1), zeros));
  CHECK(matches("[\200-\377]", "\300"));
  CHECK_FALSE(matches("[\200-\377]", "a"));
  CHECK(matches("[a-\377]", "\300"));
  for (int byte = 0; byte < 256; ++byte)
    CHECK(matches("?", std::string(1, static_cast<char>(byte))));
}

TEST_CASE("Glob: random patterns fit what trying finds", "[base][glob]") {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    const std::string pattern = random_text(random, "ab?*", 8);
    const std::string name = random_text(random, "ab", 12);
    CAPTURE(pattern, name);
    REQUIRE(matches(pattern, name) == fits(pattern, name));
  }
}

TEST_CASE("Glob: patterns of any length work, also where their states need another word",
          "[base][glob]") {
  for (const std::size_t length : {1U, 62U, 63U, 64U, 65U, 127U, 128U, 129U, 1023U, 1024U}) {
    CAPTURE(length);
    const std::string all(length, 'a');
    CHECK(matches(all, all));
    CHECK_FALSE(matches(all, all + 'a'));
    CHECK_FALSE(matches(all, all.substr(1)));
    CHECK_FALSE(matches(all, all.substr(1) + 'b'));
    CHECK(matches(std::string(length, '?'), all));
    CHECK(matches(std::string(length, '*'), all));
    const std::string open = all.substr(1) + '*';
    CHECK(matches(open, all + "b"));
    CHECK(matches(open, "b" + all) == (length == 1));
    const std::string ending = '*' + all.substr(1);
    CHECK(matches(ending, "b" + all));
    CHECK(matches(ending, all + "b") == (length == 1));
  }
}

TEST_CASE("Glob: a pattern that is easy to get lost in takes no longer than others",
          "[base][glob]") {
  std::string pattern;
  while (pattern.size() + 2 < GlobPattern::most_bytes)
    pattern += "*a";
  pattern += 'b';
  // To try all ways would take longer than anybody can wait.
  CHECK_FALSE(matches(pattern, std::string(std::size_t{64} << 10, 'a')));
  CHECK(matches(pattern, std::string(std::size_t{64} << 10, 'a') + 'b'));
}
