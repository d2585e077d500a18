#include "coordinator/recorded.hpp"

#include <catch2/catch.hpp>

using namespace pkv;
using test::Rig;
using test::TestClient;

namespace {

// What redis-server 7.0.15 answers to these, one after the other. The few places where pkv differs,
// as it has one database and other commands, are not among them.
constexpr test::Exchange recorded[] = {
    {"SET k v", "+OK\r\n"},
    {"SET k w NX", "$-1\r\n"},
    {"SET k w XX", "+OK\r\n"},
    {"SET n w XX", "$-1\r\n"},
    {"SET k x GET", "$1\r\nw\r\n"},
    {"SET fresh x GET", "$-1\r\n"},
    {"SET fresh y NX GET", "$1\r\nx\r\n"},
    {"SET new2 y NX GET", "$-1\r\n"},
    {"GET new2", "$1\r\ny\r\n"},
    {"SET k v NX XX", "-ERR syntax error\r\n"},
    {"SET k v FOO", "-ERR syntax error\r\n"},
    {"SET k", "-ERR wrong number of arguments for 'set' command\r\n"},
    {"GET k", "$1\r\nx\r\n"},
    {"GET missing", "$-1\r\n"},
    {"GET", "-ERR wrong number of arguments for 'get' command\r\n"},
    {"SETNX k 1", ":0\r\n"},
    {"SETNX k2 1", ":1\r\n"},
    {"GETSET k z", "$1\r\nx\r\n"},
    {"GETSET nope z", "$-1\r\n"},
    {"GETDEL nope", "$1\r\nz\r\n"},
    {"GETDEL nope", "$-1\r\n"},
    {"MSET a 1 b 2", "+OK\r\n"},
    {"MSET a 1 b", "-ERR wrong number of arguments for 'mset' command\r\n"},
    {"MSET a 1 a 2", "+OK\r\n"},
    {"MGET a b c a", "*4\r\n$1\r\n2\r\n$1\r\n2\r\n$-1\r\n$1\r\n2\r\n"},
    {"MGET", "-ERR wrong number of arguments for 'mget' command\r\n"},
    {"STRLEN a", ":1\r\n"},
    {"STRLEN missing", ":0\r\n"},
    {"APPEND a 34", ":3\r\n"},
    {"APPEND newkey xy", ":2\r\n"},
    {"INCR counter", ":1\r\n"},
    {"INCR counter", ":2\r\n"},
    {"DECR counter", ":1\r\n"},
    {"INCRBY counter 10", ":11\r\n"},
    {"DECRBY counter 3", ":8\r\n"},
    {"INCRBY counter x", "-ERR value is not an integer or out of range\r\n"},
    {"INCRBY counter 9223372036854775808", "-ERR value is not an integer or out of range\r\n"},
    {"DECRBY counter -9223372036854775808", "-ERR decrement would overflow\r\n"},
    {"SET big 9223372036854775807", "+OK\r\n"},
    {"INCR big", "-ERR increment or decrement would overflow\r\n"},
    {"SET text hello", "+OK\r\n"},
    {"INCR text", "-ERR value is not an integer or out of range\r\n"},
    {"SET sp \" 1\"", "+OK\r\n"},
    {"INCR sp", "-ERR value is not an integer or out of range\r\n"},
    {"EXISTS a b nope a", ":3\r\n"},
    {"DEL a a nope", ":1\r\n"},
    {"UNLINK b b", ":1\r\n"},
    {"EXISTS a", ":0\r\n"},
    {"PING", "+PONG\r\n"},
    {"PING hi", "$2\r\nhi\r\n"},
    {"PING a b", "-ERR wrong number of arguments for 'ping' command\r\n"},
    {"ECHO hi", "$2\r\nhi\r\n"},
    {"ECHO", "-ERR wrong number of arguments for 'echo' command\r\n"},
    {"SELECT 0", "+OK\r\n"},
    {"SELECT 99", "-ERR DB index is out of range\r\n"},
    {"SELECT x", "-ERR value is not an integer or out of range\r\n"},
    {"HELLO x", "-ERR Protocol version is not an integer or out of range\r\n"},
    {"HELLO 4", "-NOPROTO unsupported protocol version\r\n"},
    {"CLIENT SETNAME a b", "-ERR wrong number of arguments for 'client|setname' command\r\n"},
    {"CLIENT SETNAME \"a b\"",
     "-ERR Client names cannot contain spaces, newlines or special characters.\r\n"},
    {"CLIENT SETNAME me", "+OK\r\n"},
    {"CLIENT GETNAME", "$2\r\nme\r\n"},
    {"CLIENT NOPE", "-ERR unknown subcommand 'NOPE'. Try CLIENT HELP.\r\n"},
    {"CLIENT", "-ERR wrong number of arguments for 'client' command\r\n"},
    {"RESET", "+RESET\r\n"},
    {"CLIENT GETNAME", "$-1\r\n"},
    {"NOSUCH a b", "-ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' \r\n"},
    {"nosuch", "-ERR unknown command 'nosuch', with args beginning with: \r\n"},
    {"CONFIG GET nosuchparam", "*0\r\n"},
    {"CONFIG", "-ERR wrong number of arguments for 'config' command\r\n"},
    {"CONFIG NOPE", "-ERR unknown subcommand 'NOPE'. Try CONFIG HELP.\r\n"},
    {"CONFIG RESETSTAT", "+OK\r\n"},
    {"DBSIZE", ":9\r\n"},
    {"DBSIZE x", "-ERR wrong number of arguments for 'dbsize' command\r\n"},
    {"FLUSHALL FOO", "-ERR syntax error\r\n"},
    {"FLUSHALL SYNC", "+OK\r\n"},
    {"FLUSHDB ASYNC", "+OK\r\n"},
    {"FLUSHALL", "+OK\r\n"},
    {"DBSIZE", ":0\r\n"},
    {"QUIT", "+OK\r\n"},
};

}  // namespace

TEST_CASE("Commands: Redis' commands are answered as Redis answers them",
          "[coordinator][commands]") {
  Rig rig;
  TestClient client(rig);
  check_one_by_one(rig, client, recorded);
  CHECK(client.progress == Conversation::Progress::closing);
}

TEST_CASE("Commands: the same in one pipeline", "[coordinator][commands]") {
  Rig rig;
  TestClient client(rig);
  check_in_pipeline(rig, client, recorded);
}
