#pragma once

#include "pkv/reply.hpp"

#include <concepts>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {

/// A flat array of names and values, the form in which RESP2 carries a map.
class Fields {
 public:
  void add(std::string name, std::string value) {
    fields_.push_back(Reply::bulk(std::move(name)));
    fields_.push_back(Reply::bulk(std::move(value)));
  }
  template <std::integral Number>
  void add(std::string name, Number value) {
    fields_.push_back(Reply::bulk(std::move(name)));
    fields_.push_back(Reply::integer(static_cast<std::int64_t>(value)));
  }
  void add(std::string name, std::vector<Reply> values) {
    fields_.push_back(Reply::bulk(std::move(name)));
    fields_.push_back(Reply::array(std::move(values)));
  }
  /// RESP2 has no fractions; they travel as text.
  void add(std::string name, double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    add(std::move(name), std::string(text));
  }

  [[nodiscard]] Reply take() && { return Reply::array(std::move(fields_)); }

 private:
  std::vector<Reply> fields_;
};

}  // namespace pkv::commands
