#include "protocol/command_docs.hpp"

#include "protocol/command_syntax.hpp"
#include "protocol/command_table.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace pkv;

namespace {

Reply describe(const std::vector<std::string_view>& words) {
  return describe_commands(words);
}

Reply words(const std::vector<std::string>& texts) {
  std::vector<Reply> elements;
  for (const std::string& text : texts)
    elements.push_back(Reply::bulk(text));
  return Reply::array(std::move(elements));
}

Reply flags(const std::vector<std::string>& texts) {
  std::vector<Reply> elements;
  for (const std::string& text : texts)
    elements.push_back(Reply::status(text));
  return Reply::array(std::move(elements));
}

}  // namespace

TEST_CASE("COMMAND INFO: has the ten fields of Redis 7", "[protocol][command]") {
  const Reply expected = Reply::array(
      {Reply::bulk("get"), Reply::integer(2), flags({"readonly", "fast"}), Reply::integer(1),
       Reply::integer(1), Reply::integer(1), flags({"@read", "@fast"}), Reply::array({}),
       Reply::array({}), Reply::array({})});
  CHECK(describe({"COMMAND", "INFO", "GET"}) == Reply::array({expected}));
  CHECK(describe({"command", "info", "nosuch", "get"}) == Reply::array({Reply::nil(), expected}));

  const Reply mset = describe({"COMMAND", "INFO", "mset"}).elements().at(0);
  CHECK(mset.elements()[1] == Reply::integer(-3));
  CHECK(mset.elements()[4] == Reply::integer(-1));
  CHECK(mset.elements()[5] == Reply::integer(2));
}

TEST_CASE("COMMAND: describes every command", "[protocol][command]") {
  const Reply all = describe({"COMMAND"});
  CHECK(all.elements().size() == command_table().size());
  CHECK(describe({"COMMAND", "INFO"}) == all);
  CHECK(describe({"COMMAND", "COUNT"}) ==
        Reply::integer(static_cast<std::int64_t>(command_table().size())));
  const Reply names = describe({"COMMAND", "LIST"});
  REQUIRE(names.elements().size() == command_table().size());
  CHECK(names.elements()[0] == Reply::bulk("c"));
}

TEST_CASE("COMMAND DOCS: names and documentations take turns", "[protocol][command]") {
  const Reply get =
      Reply::array({Reply::bulk("summary"), Reply::bulk("Get the value of a key"),
                    Reply::bulk("since"), Reply::bulk("0.1.0"), Reply::bulk("group"),
                    Reply::bulk("string"), Reply::bulk("arguments"), describe_syntax("key")});
  CHECK(describe({"COMMAND", "DOCS", "nosuch", "Get"}) == Reply::array({Reply::bulk("get"), get}));
  CHECK(describe({"COMMAND", "DOCS", "nosuch"}) == Reply::array({}));
  CHECK(describe({"COMMAND", "DOCS"}).elements().size() == 2 * command_table().size());

  // A command without arguments has no such field, as in Redis.
  CHECK(describe({"COMMAND", "DOCS", "dbsize"}).elements().at(1).elements().size() == 6);
}

TEST_CASE("COMMAND: mistakes are answered as in Redis", "[protocol][command]") {
  CHECK(describe({"COMMAND", "FOO"}) ==
        Reply::error("ERR unknown subcommand 'FOO'. Try COMMAND HELP."));
  CHECK(describe({"COMMAND", "COUNT", "x"}) ==
        Reply::error("ERR wrong number of arguments for 'command|count' command"));
  CHECK(describe({"COMMAND", "HELP", "x"}) ==
        Reply::error("ERR wrong number of arguments for 'command|help' command"));
  CHECK(describe({"COMMAND", "LIST", "x"}) == Reply::error("ERR syntax error"));
  CHECK(describe({"COMMAND", "HELP"}).elements().at(0).is_status());
}

TEST_CASE("Command syntax: becomes the argument maps of Redis", "[protocol][command]") {
  const Reply key =
      Reply::array({Reply::bulk("name"), Reply::bulk("key"), Reply::bulk("type"),
                    Reply::bulk("key"), Reply::bulk("key_spec_index"), Reply::integer(0)});
  const Reply value = words({"name", "value", "type", "string"});
  CHECK(describe_syntax("") == Reply::array({}));
  CHECK(describe_syntax("key value") == Reply::array({key, value}));
  CHECK(describe_syntax("increment") ==
        Reply::array({words({"name", "increment", "type", "integer"})}));
  CHECK(describe_syntax("[message]") ==
        Reply::array(
            {Reply::array({Reply::bulk("name"), Reply::bulk("message"), Reply::bulk("type"),
                           Reply::bulk("string"), Reply::bulk("flags"), flags({"optional"})})}));
  CHECK(describe_syntax("[section...]").elements().at(0).elements().back() ==
        flags({"optional", "multiple"}));
  CHECK(
      describe_syntax("[GET]") ==
      Reply::array({Reply::array(
          {Reply::bulk("name"), Reply::bulk("get"), Reply::bulk("type"), Reply::bulk("pure-token"),
           Reply::bulk("token"), Reply::bulk("GET"), Reply::bulk("flags"), flags({"optional"})})}));
}

TEST_CASE("Command syntax: choices and groups contain arguments", "[protocol][command]") {
  const Reply choice = describe_syntax("[NX|XX]").elements().at(0);
  CHECK(choice.elements().at(1) == Reply::bulk("nx_xx"));
  CHECK(choice.elements().at(3) == Reply::bulk("oneof"));
  CHECK(choice.elements().back() ==
        Reply::array({words({"name", "nx", "type", "pure-token", "token", "NX"}),
                      words({"name", "xx", "type", "pure-token", "token", "XX"})}));

  const Reply group = describe_syntax("(key value)...").elements().at(0);
  CHECK(group.elements().at(1) == Reply::bulk("key_value"));
  CHECK(group.elements().at(3) == Reply::bulk("block"));
  CHECK(group.elements().at(5) == flags({"multiple"}));
  CHECK(group.elements().back() == describe_syntax("key value"));

  const Reply optional = describe_syntax("[WHERE key]").elements().at(0);
  CHECK(optional.elements().at(3) == Reply::bulk("block"));
  CHECK(optional.elements().at(5) == flags({"optional"}));
  CHECK(optional.elements().back() == describe_syntax("WHERE key"));
}
