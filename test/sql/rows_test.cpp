#include "sql/rows.hpp"

#include <catch2/catch.hpp>

#include <limits>
#include <string>
#include <vector>

namespace pkv::sql {
namespace {

const std::vector<Cell> cells{Null{},   std::numeric_limits<std::int64_t>::min(),
                              -0.5,     Text{"text"},
                              Text{""}, Blob{std::string_view("\0\xff", 2)}};

}  // namespace

TEST_CASE("Cells are read as they were written", "[sql][rows]") {
  ByteBuffer bytes;
  for (const Cell& cell : cells)
    append_cell(bytes, cell);
  CellReader reader(bytes.view());
  Cell cell;
  for (const Cell& expected : cells) {
    REQUIRE(reader.next(cell));
    CHECK(cell == expected);
  }
  CHECK_FALSE(reader.next(cell));
  CHECK(reader.complete());
}

TEST_CASE("A cell that is cut off is none", "[sql][rows]") {
  for (const Cell& whole : cells) {
    ByteBuffer bytes;
    append_cell(bytes, whole);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      CAPTURE(whole.index(), cut);
      CellReader reader(bytes.view().substr(0, cut));
      Cell cell;
      CHECK_FALSE(reader.next(cell));
      CHECK_FALSE(reader.complete());
    }
  }
  CellReader unknown("\x05\0\0\0\0\0\0\0\0");
  Cell cell;
  CHECK_FALSE(unknown.next(cell));
}

}  // namespace pkv::sql
