#include "mpi/control_protocol.hpp"

#include <catch2/catch.hpp>

namespace pkv::mpi::control {
namespace {

std::optional<Report> decoded(const Report& report) {
  std::string line = encode(report);
  CHECK(line.back() == '\n');
  line.pop_back();
  return decode_report(line);
}

TEST_CASE("Control: reports come out as they went in", "[mpi][control]") {
  const auto hello = std::get<Hello>(decoded(Hello{"secret", 7, "host.example"}).value());
  CHECK(hello.token == "secret");
  CHECK(hello.rank == 7);
  CHECK(hello.host == "host.example");
  const auto started = std::get<Started>(decoded(Started{2, 4711}).value());
  CHECK(started.epoch == 2);
  CHECK(started.process_id == 4711);
  const std::string address("\0\xff \n", 4);
  const auto ready = std::get<Ready>(decoded(Ready{4'294'967'295U, 1, address}).value());
  CHECK(ready.epoch == 4'294'967'295U);
  CHECK(ready.address == address);
  CHECK(std::get<Ready>(decoded(Ready{1, 1, ""}).value()).address.empty());
  const auto beat = std::get<Beat>(decoded(Beat{3, 18'446'744'073'709'551'615U}).value());
  CHECK(beat.progress == 18'446'744'073'709'551'615U);
  const auto dead = std::get<Dead>(decoded(Dead{1, "was killed by signal 9"}).value());
  CHECK(dead.how == "was killed by signal 9");
}

TEST_CASE("Control: orders come out as they went in", "[mpi][control]") {
  CHECK(std::get<Restart>(decode_order("restart 5").value()).epoch == 5);
  CHECK(encode(Order(Restart{5})) == "restart 5\n");
  CHECK(std::holds_alternative<Kill>(decode_order("kill").value()));
  CHECK(encode(Order(Kill{})) == "kill\n");
  CHECK(std::holds_alternative<Leave>(decode_order("leave").value()));
  CHECK(encode(Order(Leave{})) == "leave\n");
}

TEST_CASE("Control: lines that are nearly right are refused", "[mpi][control]") {
  for (const char* line : {"",
                           " ",
                           "hello",
                           "hello secret",
                           "hello secret 1",
                           "hello secret x host",
                           "hello secret 1 host more",
                           "started 1",
                           "started 1 2 3",
                           "started -1 2",
                           "started 4294967296 2",
                           "ready 1 2",
                           "ready 1 2 abc",
                           "ready 1 2 0g",
                           "beat 1",
                           "beat 1 1x",
                           "beat 1 -1",
                           "dead",
                           "dead x how",
                           "restart 1",
                           "Beat 1 1",
                           "beat  1 1"})
    CHECK_FALSE(decode_report(line));
  for (const char* line : {"", "restart", "restart x", "restart 1 2", "kill 1", "leave now"})
    CHECK_FALSE(decode_order(line));
}

TEST_CASE("Control: an endpoint fits into one value, whatever the number of addresses",
          "[mpi][control]") {
  Endpoint endpoint{4711, "secret", {"10.0.0.1", "fe80::1%eth0"}};
  CHECK(encode(endpoint) == "4711/secret/10.0.0.1,fe80::1%eth0");
  const auto found = decode_endpoint(encode(endpoint));
  REQUIRE(found);
  CHECK(found->port == 4711);
  CHECK(found->token == "secret");
  CHECK(found->addresses == endpoint.addresses);
  endpoint.addresses.assign(500, "10.0.0.1");
  CHECK(encode(endpoint).size() < 1024);
  CHECK(decode_endpoint(encode(endpoint))->addresses.size() > 50);
  for (const char* word : {"", "4711", "4711/secret", "4711/secret/", "4711//10.0.0.1",
                           "65536/secret/10.0.0.1", "x/secret/10.0.0.1"})
    CHECK_FALSE(decode_endpoint(word));
}

}  // namespace
}  // namespace pkv::mpi::control
