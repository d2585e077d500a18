#include "torture/workload.hpp"

#include "torture/tagged_value.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

using namespace pkv;
using namespace pkv::torture;

namespace {

const Subject group{Use::written_together, {"a", "b"}};
const Subject key{Use::appended_to, {"a"}};

Request request_of(RequestKind kind, Action action) {
  Request request;
  request.kind = kind;
  request.operation.action = action;
  return request;
}

}  // namespace

TEST_CASE("A value tells which write it comes from", "[torture]") {
  for (const std::size_t bytes : {std::size_t{16}, std::size_t{64}, most_piece_bytes}) {
    CAPTURE(bytes);
    CHECK(make_piece(7, bytes).size() == bytes);
    CHECK(read_pieces(make_piece(7, bytes)) == piece(7, bytes));
    CHECK(read_pieces(make_piece(7, bytes)) != piece(8, bytes));
  }
}

TEST_CASE("Appended pieces are read in their order", "[torture]") {
  const std::string both = make_piece(1, 64) + make_piece(2, 100);
  CHECK(read_pieces(both) == extended(piece(1, 64), 2, 100));
  CHECK(read_pieces(both)->origin == piece(1, 64).content);
}

TEST_CASE("A value with any byte changed, missing or added is damaged", "[torture]") {
  const std::string whole = make_piece(1, 64);
  CHECK_FALSE(read_pieces("").has_value());
  CHECK_FALSE(read_pieces(whole + 'x').has_value());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CAPTURE(i);
    CHECK_FALSE(read_pieces(whole.substr(0, i)).has_value());
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(read_pieces(changed) == piece(1, 64));
  }
}

TEST_CASE("An MGET with values of different writes is torn", "[torture]") {
  Request request = request_of(RequestKind::mget, Action::read);
  const Reply one = Reply::bulk(make_piece(1, 64));
  const Reply other = Reply::bulk(make_piece(2, 64));
  CHECK(read_answer(group, request, Reply::array({one, one})) == std::nullopt);
  CHECK(request.operation.result == piece(1, 64));
  CHECK(read_answer(group, request, Reply::array({Reply::nil(), Reply::nil()})) == std::nullopt);
  CHECK(request.operation.result == Value{});
  for (const Reply& second : {other, Reply::nil(), Reply::integer(1)})
    CHECK(read_answer(group, request, Reply::array({one, second})).has_value());
  CHECK(read_answer(group, request, Reply::array({one})).has_value());
}

TEST_CASE("A DEL that found some keys of a group and others not is torn", "[torture]") {
  Request request = request_of(RequestKind::del, Action::erase);
  CHECK(read_answer(group, request, Reply::integer(0)) == std::nullopt);
  CHECK_FALSE(request.operation.result.is_there);
  CHECK(read_answer(group, request, Reply::integer(2)) == std::nullopt);
  CHECK(request.operation.result.is_there);
  CHECK(read_answer(group, request, Reply::integer(1)).has_value());
}

TEST_CASE("A reply of the wrong kind is a fault", "[torture]") {
  Request set = request_of(RequestKind::set, Action::put);
  CHECK(read_answer(key, set, Reply::status("OK")) == std::nullopt);
  CHECK(read_answer(key, set, Reply::status("QUEUED")).has_value());
  CHECK(read_answer(key, set, Reply::nil()).has_value());
  Request append = request_of(RequestKind::append, Action::append);
  CHECK(read_answer(key, append, Reply::integer(64)) == std::nullopt);
  CHECK(append.operation.result.length == 64);
  CHECK(read_answer(key, append, Reply::bulk("64")).has_value());
}

TEST_CASE("No two clients write the same value", "[torture]") {
  const std::vector<Subject> subjects = make_subjects(12, "t:");
  Workload first(subjects, 1, 0), second(subjects, 1, 1);
  std::vector<std::uint64_t> contents;
  for (int i = 0; i < 200; ++i)
    for (Workload* workload : {&first, &second}) {
      std::string bytes;
      const Request request = workload->next(bytes);
      CHECK(bytes.starts_with('*'));
      if (request.operation.action == Action::put)
        contents.push_back(request.operation.argument.content);
    }
  std::sort(contents.begin(), contents.end());
  CHECK(contents.size() > 50);
  CHECK(std::adjacent_find(contents.begin(), contents.end()) == contents.end());
}
