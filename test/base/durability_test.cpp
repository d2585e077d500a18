#include "pkv/durability.hpp"

#include <catch2/catch.hpp>

using namespace pkv;

TEST_CASE("Durability: names and levels belong together", "[base][durability]") {
  for (const Durability level : {Durability::none, Durability::batch, Durability::fsync})
    CHECK(parse_durability(to_text(level)) == level);
  CHECK(parse_durability("FSync") == Durability::fsync);
  for (const char* const name : {"", "fsyn", "fsyncs", "always", "f\x53ync "})
    CHECK_FALSE(parse_durability(name));
  CHECK(Durability::none < Durability::batch);
  CHECK(Durability::batch < Durability::fsync);
}
