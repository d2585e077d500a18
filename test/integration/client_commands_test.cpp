#include "integration/client_program.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include <cstdio>
#include <fstream>
#include <numeric>

using namespace pkv::test;

namespace pkv::test {

std::uint16_t unused_port() {
  boost::asio::io_context io;
  const boost::asio::ip::tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
  return boost::asio::ip::tcp::acceptor(io, any).local_endpoint().port();
}

}  // namespace pkv::test

TEST_CASE("pkv: create, get, update and delete do what they say", "[pkv]") {
  ClientProgram pkv;
  auto created = pkv.run({"create", "city", "Paris"});
  CHECK(created.exit_status == 0);
  CHECK(created.output == "OK\n");
  CHECK(pkv.run({"get", "city"}).output == "Paris");
  CHECK(pkv.run({"update", "city", "New York"}).exit_status == 0);
  CHECK(pkv.run({"get", "city"}).output == "New York");
  CHECK(pkv.run({"put", "city", "--", "-5"}).exit_status == 0);
  CHECK(pkv.run({"get", "city"}).output == "-5");
  CHECK(pkv.run({"delete", "city"}).output == "OK\n");
  CHECK(pkv.run({"get", "city"}).exit_status == 1);
}

TEST_CASE("pkv: what fails is said on standard error and by the exit status", "[pkv]") {
  ClientProgram pkv;
  REQUIRE(pkv.run({"put", "there", "x"}).exit_status == 0);
  const std::vector<std::pair<std::vector<std::string>, std::string>> failing{
      {{"get", "foo"}, "error: no such key: foo\n"},
      {{"update", "foo", "x"}, "error: no such key: foo\n"},
      {{"create", "there", "x"}, "error: key already exists: there\n"},
      {{"delete", "foo", "there", "bar"}, "error: no such key: foo\nerror: no such key: bar\n"},
      {{"exec", "INCR", "city"}, ""}};
  REQUIRE(pkv.run({"put", "city", "Paris"}).exit_status == 0);
  for (const auto& [arguments, message] : failing) {
    CAPTURE(arguments);
    const Outcome outcome = pkv.run(arguments);
    CHECK(outcome.exit_status == 1);
    CHECK(outcome.output.empty());
    if (!message.empty()) CHECK(outcome.errors == message);
    CHECK(outcome.errors.starts_with("error: "));
  }
  CHECK(pkv.run({"get", "there"}).exit_status == 1);  // was deleted between the two that failed
}

TEST_CASE("pkv: values of any bytes go in and out unchanged", "[pkv]") {
  ClientProgram pkv;
  std::string bytes(256, '\0');
  std::iota(bytes.begin(), bytes.end(), '\0');
  for (int doubling = 0; doubling < 13; ++doubling)
    bytes += bytes;  // 2 MiB

  SECTION("from standard input") {
    REQUIRE(pkv.run({"put", "k", "-"}, bytes).exit_status == 0);
  }
  SECTION("from a file") {
    const std::string path = "pkv_client_commands_test.bin";
    std::ofstream(path, std::ios::binary) << bytes;
    CHECK(pkv.run({"put", "k", "@" + path}).exit_status == 0);
    std::remove(path.c_str());
  }
  CHECK(pkv.run({"get", "k"}).output == bytes);
}

TEST_CASE("pkv: @@ is a value that begins with @", "[pkv]") {
  ClientProgram pkv;
  REQUIRE(pkv.run({"put", "k", "@@home"}).exit_status == 0);
  CHECK(pkv.run({"get", "k"}).output == "@home");
}

TEST_CASE("pkv: exec passes words on as they are", "[pkv]") {
  ClientProgram pkv;
  CHECK(pkv.run({"exec", "MSET", "a", "-1", "b", "x y", "c", ""}).output == "OK\n");
  CHECK(pkv.run({"exec", "mget", "a", "b", "c", "d"}).output == "-1 \"x y\" \"\" (nil)\n");
  CHECK(pkv.run({"exec", "INCR", "a"}).output == "0\n");
}

TEST_CASE("pkv: the server's tables are shown aligned", "[pkv]") {
  ClientProgram pkv;
  const Outcome nodes = pkv.run({"nodes"});
  CAPTURE(nodes.output);
  CHECK(nodes.exit_status == 0);
  CHECK(std::count(nodes.output.begin(), nodes.output.end(), '\n') == 4);  // fields, three nodes
  CHECK(nodes.output.starts_with("id "));

  const Outcome ring = pkv.run({"ring"});
  CHECK(ring.exit_status == 0);
  CHECK(ring.output.find("(error)") == std::string::npos);
  const Outcome where = pkv.run({"ring", "where", "city"});
  CAPTURE(where.output, where.errors);
  CHECK(where.exit_status == 0);
  CHECK_FALSE(where.output.empty());
  CHECK(pkv.run({"info"}).output.find(':') != std::string::npos);
  CHECK(pkv.run({"ping"}).output == "PONG\n");
}

TEST_CASE("pkv: a command line that makes no sense is refused", "[pkv]") {
  const std::string port = std::to_string(unused_port());
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"frobnicate"},
                                             {"get"},
                                             {"get", "a", "b"},
                                             {"put", "k"},
                                             {"delete"},
                                             {"exec"},
                                             {"ring", "around", "k"},
                                             {"ring", "where"},
                                             {"--port", "0", "ping"},
                                             {"--port", "x", "ping"},
                                             {"--timeout", "0", "ping"},
                                             {"--frobnicate"}}) {
    CAPTURE(arguments);
    std::vector<std::string> words{PKV_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Outcome outcome = run_program(words);
    CHECK(outcome.exit_status == 2);
    CHECK_FALSE(outcome.errors.empty());
  }
}

TEST_CASE("pkv: too few words for a command, or too many, are answered by what it takes", "[pkv]") {
  ClientProgram pkv;
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong{
      {{"get"}, "usage: pkv get KEY\n"},
      {{"get", "a", "b"}, "usage: pkv get KEY\n"},
      {{"put", "a"}, "usage: pkv put KEY VALUE|@FILE|-\n"},
      {{"delete"}, "usage: pkv delete KEY...\n"},
      {{"put-file", "a"}, "usage: pkv put-file NAME PATH|-\n"}};
  for (const auto& [arguments, message] : wrong) {
    CAPTURE(arguments);
    const Outcome outcome = pkv.run(arguments);
    CHECK(outcome.exit_status == 2);
    CHECK(outcome.errors.starts_with(message));
  }
}

TEST_CASE("pkv: a file that cannot be read is a usage error", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = pkv.run({"put", "k", "@/no/such/file"});
  CHECK(outcome.exit_status == 2);
  CHECK(outcome.errors == "cannot read /no/such/file: No such file or directory\n");
}

TEST_CASE("pkv: help and version need no server", "[pkv]") {
  const Outcome help = run_program({PKV_PROGRAM, "--help"});
  CHECK(help.exit_status == 0);
  CHECK(help.output.find("Examples:") != std::string::npos);
  CHECK(run_program({PKV_PROGRAM, "--version"}).output.starts_with("pkv "));
}

TEST_CASE("pkv: nobody listening is explained", "[pkv]") {
  const std::string port = std::to_string(unused_port());
  for (const std::string command : {"ping", ""}) {
    std::vector<std::string> words{PKV_PROGRAM, "--port", port};
    if (!command.empty()) words.push_back(command);
    const Outcome outcome = run_program(words, "C a 1\n");
    CHECK(outcome.exit_status == 3);
    CHECK(outcome.output.empty());
    CHECK(outcome.errors ==
          "cannot connect to 127.0.0.1:" + port + ": connection refused; is pkv_server running?\n");
  }
}

TEST_CASE("pkv: a server that does not answer is given up", "[pkv]") {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string port = std::to_string(silent.local_endpoint().port());
  const Outcome once = run_program({PKV_PROGRAM, "--port", port, "--timeout", "0.1", "ping"});
  CHECK(once.exit_status == 3);
  CHECK(once.errors == "timed out\n");
  const Outcome bulk = run_program({PKV_PROGRAM, "--port", port, "--timeout", "0.1"}, "R a\nR b\n");
  CHECK(bulk.exit_status == 3);
  CHECK(bulk.errors == "timed out; 2 commands were sent and not answered\n");
}

TEST_CASE("pkv: the environment names the server", "[pkv]") {
  ClientProgram pkv;
  const std::string port = pkv.words()[2];
  CHECK(run_program({"/usr/bin/env", "PKV_PORT=" + port, PKV_PROGRAM, "ping"}).output == "PONG\n");
}

TEST_CASE("The example of the asynchronous client does what it says", "[pkv]") {
  ClientProgram pkv;
  const Outcome outcome = run_program({PKV_EXAMPLE_ASYNC_CLIENT, "127.0.0.1", pkv.words()[2]});
  CHECK(outcome.exit_status == 0);
  CHECK(outcome.output == "city: Paris\nvisits: 100\n");
}
