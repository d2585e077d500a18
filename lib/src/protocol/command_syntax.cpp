#include "protocol/command_syntax.hpp"

#include "protocol/same_word.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace pkv {
namespace {

constexpr std::string_view repeated = "...";

bool consume_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool consume_enclosing(std::string_view& text, char open, char close) {
  if (!text.starts_with(open) || !text.ends_with(close)) return false;
  text = text.substr(1, text.size() - 2);
  return true;
}

/// Splits at `separator`, but not inside brackets.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[' || text[i] == '(') ++depth;
    if (text[i] == ']' || text[i] == ')') --depth;
    if (depth == 0 && text[i] == separator) {
      parts.push_back(text.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  if (begin < text.size()) parts.push_back(text.substr(begin));
  return parts;
}

bool is_token(std::string_view word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string_view type_of(std::string_view name) {
  if (name == "key") return "key";
  const bool number = name == "index" || name == "protover" || name == "increment" ||
                      name == "decrement" || name == "seconds" || name == "milliseconds";
  if (name.starts_with("unix-time")) return "unix-time";
  return number ? "integer" : "string";
}

/// Names and values in turn: a map, as RESP2 has it.
class Fields {
 public:
  void add(std::string_view name, Reply value) {
    fields_.push_back(Reply::bulk(std::string(name)));
    fields_.push_back(std::move(value));
  }

  void add(std::string_view name, std::string_view text) {
    add(name, Reply::bulk(std::string(text)));
  }

  Reply take() { return Reply::array(std::move(fields_)); }

 private:
  std::vector<Reply> fields_;
};

Reply describe_argument(std::string_view argument);

Reply describe_all(const std::vector<std::string_view>& arguments) {
  std::vector<Reply> described;
  described.reserve(arguments.size());
  for (const std::string_view argument : arguments) {
    described.push_back(describe_argument(argument));
  }
  return Reply::array(std::move(described));
}

/// "key value" becomes "key_value", "NX|XX" becomes "nx_xx": names of their own are not needed.
std::string joined_name(std::string_view text) {
  std::string name(text);
  std::erase_if(name, [](char c) { return c == '(' || c == ')'; });
  for (char& c : name) {
    c = c == ' ' || c == '|' ? '_' : small_letter(c);
  }
  return name;
}

Reply describe_argument(std::string_view argument) {
  std::vector<Reply> flags;
  if (consume_enclosing(argument, '[', ']')) flags.push_back(Reply::status("optional"));
  if (consume_suffix(argument, repeated)) flags.push_back(Reply::status("multiple"));
  consume_enclosing(argument, '(', ')');
  const bool group = split(argument, ' ').size() > 1;
  const std::vector<std::string_view> parts = split(argument, group ? ' ' : '|');

  Fields fields;
  fields.add("name", joined_name(argument));
  if (parts.size() > 1) {
    fields.add("type", group ? "block" : "oneof");
  } else if (is_token(argument)) {
    fields.add("type", "pure-token");
    fields.add("token", argument);
  } else {
    fields.add("type", type_of(argument));
    if (argument == "key") fields.add("key_spec_index", Reply::integer(0));
  }
  if (!flags.empty()) fields.add("flags", Reply::array(std::move(flags)));
  if (parts.size() > 1) fields.add("arguments", describe_all(parts));
  return fields.take();
}

}  // namespace

Reply describe_syntax(std::string_view syntax) {
  return describe_all(split(syntax, ' '));
}

}  // namespace pkv
