#include "sql_support.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

namespace pkv::test {
namespace {

/// Queries that pkv supports, at random.
class QueryMaker {
 public:
  explicit QueryMaker(std::mt19937& random) : random_(random) {}

  struct Query {
    std::string text;
    bool ordered = false;  ///< Totally.
    bool limited = false;
  };

  Query rows() {
    Query query;
    const bool distinct = chance(4);
    std::vector<std::string> items = some(values_, 1, 3);
    query.text =
        "SELECT " + std::string(distinct ? "DISTINCT " : "") + list(items) + " FROM kv" + where();
    if (chance(2)) {
      query.ordered = true;
      std::vector<std::string> order;
      if (!distinct && chance(2)) order.push_back(one(values_) + one(directions_));
      if (distinct) {
        for (const std::string& item : items)
          order.push_back(item + one(directions_));
      } else {
        order.push_back("key" + one(directions_));
      }
      query.text += " ORDER BY " + list(order);
    }
    add_limit(query);
    return query;
  }

  Query groups() {
    Query query;
    const std::vector<std::string> keys =
        chance(3) ? std::vector<std::string>() : some(keys_, 1, 2);
    std::vector<std::string> items = keys;
    for (const std::string& aggregate : some(aggregates_, 1, 3))
      items.push_back(aggregate);
    std::ranges::shuffle(items, random_);
    query.text = "SELECT " + list(items) + " FROM kv" + where();
    if (!keys.empty()) query.text += " GROUP BY " + list(keys);
    if (!keys.empty() && chance(3)) query.text += " HAVING " + one(havings_);
    query.ordered = keys.empty();
    if (!keys.empty() && chance(2)) {
      std::vector<std::string> order =
          chance(2) ? some(aggregates_, 1, 1) : std::vector<std::string>();
      for (const std::string& key : keys)
        order.push_back(key + one(directions_));
      query.text += " ORDER BY " + list(order);
      query.ordered = true;
    }
    add_limit(query);
    return query;
  }

 private:
  bool chance(unsigned of) { return random_() % of == 0; }
  const std::string& one(const std::vector<std::string>& from) {
    return from[random_() % from.size()];
  }
  std::vector<std::string> some(const std::vector<std::string>& from, std::size_t least,
                                std::size_t most) {
    std::vector<std::string> picked;
    std::ranges::sample(from, std::back_inserter(picked),
                        static_cast<std::ptrdiff_t>(least + random_() % (most - least + 1)),
                        random_);
    std::ranges::shuffle(picked, random_);
    return picked;
  }
  static std::string list(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts)
      text += (text.empty() ? "" : ", ") + part;
    return text;
  }
  std::string where() { return chance(2) ? " WHERE " + one(conditions_) : ""; }
  void add_limit(Query& query) {
    if (!chance(3)) return;
    query.limited = true;
    query.text += " LIMIT " + std::to_string(random_() % 8);
    if (chance(2)) query.text += " OFFSET " + std::to_string(random_() % 4);
  }

  std::mt19937& random_;
  const std::vector<std::string> values_{"key",
                                         "value",
                                         "size",
                                         "version",
                                         "expires_at",
                                         "kv.key",
                                         "\"size\"",
                                         "size % 3",
                                         "upper(value)",
                                         "CAST(value AS INTEGER)",
                                         "value || '!'",
                                         "size * -2 + 1",
                                         "CASE WHEN size > 2 THEN 'long' ELSE size END",
                                         "coalesce(expires_at, size)",
                                         "typeof(value)",
                                         "(size, 1) = (1, 1)",
                                         "min(size, 2)",
                                         "1",
                                         "NULL"};
  const std::vector<std::string> keys_{"value",
                                       "size",
                                       "size % 3",
                                       "substr(key, 1, 1)",
                                       "typeof(CAST(value AS NUMERIC))",
                                       "(version % 2)",
                                       "expires_at",
                                       "CASE size WHEN 1 THEN 'a' ELSE 'b' END",
                                       "CAST(value AS INTEGER)",
                                       "value IS NOT DISTINCT FROM '1'"};
  const std::vector<std::string> aggregates_{"count(*)",
                                             "count()",
                                             "count(expires_at)",
                                             "sum(size)",
                                             "total(size)",
                                             "avg(size)",
                                             "min(value)",
                                             "max(value)",
                                             "min(size)",
                                             "MAX( size )",
                                             "sum(value)",
                                             "sum(CAST(value AS INTEGER))",
                                             "avg(value)",
                                             "avg(expires_at)",
                                             "sum(expires_at)",
                                             "count(DISTINCT value)",
                                             "sum(DISTINCT size)",
                                             "avg(DISTINCT size)",
                                             "count(DISTINCT size % 2)",
                                             "total(DISTINCT size)",
                                             "min(DISTINCT size)",
                                             "count(*) FILTER (WHERE size > 1)",
                                             "sum(size) FILTER (WHERE value > '2')",
                                             "max(size) - min(size)",
                                             "count(*) * 2 + sum(size)",
                                             "round(avg(size), 1)",
                                             "CASE WHEN count(*) > 3 THEN 'many' ELSE count(*) END",
                                             "coalesce(sum(size), -1)",
                                             "length(group_concat(value))",
                                             "length(group_concat(size, '; '))",
                                             "max(count(*), 3)",
                                             "sum(size) IS NULL",
                                             "count(*) = '3'",
                                             "7 + 0"};
  const std::vector<std::string> conditions_{"size > 1",
                                             "value LIKE '1%'",
                                             "key = 'k3'",
                                             "key IN ('k1', 'k5', 'k5', 'none')",
                                             "key = 'k1' OR key = 'k2' OR key = 'k1'",
                                             "key = 'k1' OR size = 1",
                                             "NOT size",
                                             "size = '2'",
                                             "value = 10",
                                             "key BETWEEN 'k2' AND 'k4'",
                                             "0",
                                             "value IS DISTINCT FROM '1'",
                                             "key = 'k1' COLLATE NOCASE",
                                             "version > 5 AND (size < 3 OR value GLOB '*a*')",
                                             "key = 'k4' AND size < 100",
                                             "value = key"};
  const std::vector<std::string> havings_{"count(*) > 2", "sum(size) > 3", "max(size) >= '1'",
                                          "min(value) < 'b' AND count(*) <> 1", "avg(size) < 2.5"};
  const std::vector<std::string> directions_{"", " DESC", " ASC", " DESC NULLS LAST",
                                             " NULLS FIRST"};
};

std::vector<Row> random_rows(std::mt19937& random) {
  const std::vector<std::string> values{"", "1", "10", "2.5", "-3", "a", "ab", "Abc", "\xc3\xa4"};
  std::vector<Row> rows;
  const std::size_t count = random() % 40;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({"k" + std::to_string(i), values[random() % values.size()], random() % 50});
  std::ranges::shuffle(rows, random);
  return rows;
}

/// Parts of nodes, and pages of these: some may be empty.
std::vector<std::size_t> random_cuts(std::mt19937& random, std::size_t count) {
  std::vector<std::size_t> cuts{0, count};
  const std::size_t parts = 1 + random() % 8;
  for (std::size_t part = 1; part < parts; ++part)
    cuts.push_back(random() % (count + 1));
  std::ranges::sort(cuts);
  return cuts;
}

}  // namespace

TEST_CASE("Whatever the parts, the merged answer is SQLite's own", "[sql][random]") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 3000; ++round) {
    QueryMaker maker(random);
    const QueryMaker::Query query = random() % 2 == 0 ? maker.rows() : maker.groups();
    const std::vector<Row> rows = random_rows(random);
    const std::vector<std::size_t> cuts = random_cuts(random, rows.size());
    INFO(query.text);
    Table expected = answer_of_sqlite(query.text, rows);
    Table merged = answer_in_parts(query.text, rows, cuts);
    if (!query.ordered && query.limited) {  // any of the rows are right
      CHECK(merged.size() == expected.size());
      continue;
    }
    if (!query.ordered) {
      std::ranges::sort(expected);
      std::ranges::sort(merged);
    }
    REQUIRE(merged == expected);
  }
}

}  // namespace pkv::test
