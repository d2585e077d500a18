#include "wire/querying.hpp"

#include <catch2/catch.hpp>

#include <string>

namespace pkv::wire {

TEST_CASE("Querying: a request is read as it was written, and not if it is cut off",
          "[wire][querying]") {
  ByteBuffer bytes;
  append_query_request(bytes, {7, "SELECT 1"});
  const auto request = read_query_request(bytes.view());
  REQUIRE(request);
  CHECK(request->number == 7);
  CHECK(request->sql == "SELECT 1");
  CHECK(read_query_request(bytes.view().substr(0, 4))->sql.empty());
  for (std::size_t cut = 0; cut < 4; ++cut)
    CHECK_FALSE(read_query_request(bytes.view().substr(0, cut)));
}

TEST_CASE("Querying: an answer is read as it was written, and not if it makes no sense",
          "[wire][querying]") {
  std::string bytes(query_rows_head_bytes, '\0');
  store_query_rows_head(bytes.data(), QueryRows::State::done, 1'000'000);
  bytes += "cells";
  const auto rows = read_query_rows(bytes);
  REQUIRE(rows);
  CHECK(rows->state == QueryRows::State::done);
  CHECK(rows->rows == 1'000'000);
  CHECK(rows->content == "cells");
  for (std::size_t cut = 0; cut < query_rows_head_bytes; ++cut)
    CHECK_FALSE(read_query_rows(std::string_view(bytes).substr(0, cut)));
  bytes[0] = '\3';
  CHECK_FALSE(read_query_rows(bytes));
}

}  // namespace pkv::wire
