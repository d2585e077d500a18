#include "protocol/command_table.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace pkv;

namespace {

bool is_name(std::string_view text) {
  const auto table = command_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const CommandInfo& info) { return info.name == text; });
}

std::string small_letters(std::string text) {
  for (char& byte : text) {
    if (byte >= 'A' && byte <= 'Z') byte = static_cast<char>(byte + 32);
  }
  return text;
}

}  // namespace

TEST_CASE("Command table: every command is found in every case", "[protocol][table]") {
  for (const CommandInfo& info : command_table()) {
    const std::size_t letters = info.name.size();
    for (unsigned capitals = 0; capitals < 1U << letters; ++capitals) {
      std::string name(info.name);
      for (std::size_t i = 0; i < letters; ++i) {
        if (capitals >> i & 1U) name[i] = static_cast<char>(name[i] - 'a' + 'A');
      }
      CAPTURE(name);
      REQUIRE(find_command(name) == &info);
    }
  }
}

TEST_CASE("Command table: no near miss is found", "[protocol][table]") {
  for (const CommandInfo& info : command_table()) {
    for (std::size_t i = 0; i < info.name.size(); ++i) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string name(info.name);
        name[i] = static_cast<char>(byte);
        CAPTURE(name);
        REQUIRE((find_command(name) != nullptr) == is_name(small_letters(name)));
      }
      std::string shorter(info.name);
      shorter.erase(i, 1);
      REQUIRE((find_command(shorter) != nullptr) == is_name(shorter));
    }
    for (int byte = 0; byte < 256; ++byte) {
      const std::string longer = std::string(info.name) + static_cast<char>(byte);
      REQUIRE((find_command(longer) != nullptr) == is_name(small_letters(longer)));
      const std::string before = static_cast<char>(byte) + std::string(info.name);
      REQUIRE((find_command(before) != nullptr) == is_name(small_letters(before)));
    }
  }
}

TEST_CASE("Command table: names of any length are looked up safely", "[protocol][table]") {
  for (std::size_t bytes = 0; bytes < 40; ++bytes) {
    const std::vector<char> name(bytes, 'z');
    CHECK(find_command({name.data(), name.size()}) == nullptr);
  }
  CHECK(find_command("getget") == nullptr);
  CHECK(find_command("flushallflushall") == nullptr);
}

TEST_CASE("Command table: kinds lead back to their commands", "[protocol][table]") {
  CHECK(command_info(CommandKind::create).name == "c");
  CHECK(command_info(CommandKind::get).name == "get");
  CHECK(command_info(CommandKind::exists).name == "exists");
  std::set<std::string_view> names;
  for (const CommandInfo& info : command_table()) {
    CHECK(&command_info(info.kind) == &info);
    names.insert(info.name);
  }
  CHECK(names.size() == command_table().size());
}

TEST_CASE("Command table: the needed commands are there", "[protocol][table]") {
  for (const char* name :
       {"C",       "R",     "U",      "D",       "DONE",   "PING",   "ECHO",   "QUIT",
        "SELECT",  "HELLO", "CLIENT", "COMMAND", "CONFIG", "INFO",   "DBSIZE", "FLUSHALL",
        "FLUSHDB", "GET",   "SET",    "SETNX",   "GETSET", "GETDEL", "DEL",    "UNLINK",
        "EXISTS",  "MGET",  "MSET",   "STRLEN",  "APPEND", "INCR",   "DECR",   "INCRBY",
        "DECRBY",  "NODES", "RING",   "RESET",   "COPIES", "DELIFEQ"}) {
    CAPTURE(name);
    CHECK(find_command(name) != nullptr);
  }
}

TEST_CASE("Command table: arity is exact or a minimum", "[protocol][table]") {
  const CommandInfo& get = command_info(CommandKind::get);
  CHECK_FALSE(get.accepts(1));
  CHECK(get.accepts(2));
  CHECK_FALSE(get.accepts(3));
  const CommandInfo& del = command_info(CommandKind::del);
  CHECK_FALSE(del.accepts(1));
  CHECK(del.accepts(2));
  CHECK(del.accepts(1'000'000));
}

TEST_CASE("Command table: entries are consistent", "[protocol][table]") {
  for (const CommandInfo& info : command_table()) {
    CAPTURE(info.name);
    CHECK_FALSE(info.name.empty());
    CHECK(info.name.size() <= 16);
    CHECK(std::all_of(info.name.begin(), info.name.end(),
                      [](char c) { return c >= 'a' && c <= 'z'; }));
    CHECK_FALSE((info.is(command_write) && info.is(command_readonly)));
    CHECK_FALSE(info.summary.empty());
    CHECK(info.arity != 0);

    const bool has_keys = info.first_key != 0;
    CHECK((info.key_step != 0) == has_keys);
    CHECK((info.last_key != 0) == has_keys);
    CHECK(has_keys == (info.syntax.starts_with("key") || info.syntax.starts_with("(key")));
    if (has_keys) CHECK((info.is(command_write) || info.is(command_readonly)));
    if (info.arity >= 0) {
      const auto blanks = std::count(info.syntax.begin(), info.syntax.end(), ' ');
      CHECK(info.arity == 1 + (info.syntax.empty() ? 0 : 1 + blanks));
    }
  }
}
