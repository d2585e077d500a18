#include "mpi/control_protocol.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace pkv::mpi::control {
namespace {

constexpr std::size_t most_endpoint_bytes = 1000;  // Hydra's values have 1023
constexpr std::string_view no_bytes = "-";

/// Takes words from the front of a line.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}

  std::string_view text() {
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(std::min(rest_.size(), word.size() + 1));
    sound_ = sound_ && !word.empty();
    return word;
  }

  template <class Number>
  Number number() {
    const std::string_view word = text();
    Number value{};
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    sound_ = sound_ && error == std::errc() && end == word.data() + word.size();
    return value;
  }

  std::string bytes() {
    std::optional<std::string> decoded = from_hexadecimal(text());
    sound_ = sound_ && decoded.has_value();
    return std::move(decoded).value_or("");
  }

  std::string_view rest() { return std::exchange(rest_, {}); }

  /// Whether all words were what was asked for, and none is left.
  [[nodiscard]] bool sound() const { return sound_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool sound_ = true;
};

std::string line_of(const Hello& hello) {
  return "hello " + hello.token + ' ' + std::to_string(hello.rank) + ' ' + hello.host;
}

std::string line_of(const Started& started) {
  return "started " + std::to_string(started.epoch) + ' ' + std::to_string(started.process_id);
}

std::string line_of(const Ready& ready) {
  return "ready " + std::to_string(ready.epoch) + ' ' + std::to_string(ready.process_id) + ' ' +
         to_hexadecimal(ready.address);
}

std::string line_of(const Beat& beat) {
  return "beat " + std::to_string(beat.epoch) + ' ' + std::to_string(beat.progress);
}

std::string line_of(const Dead& dead) {
  return "dead " + std::to_string(dead.epoch) + ' ' + dead.how;
}

std::string line_of(const Restart& restart) {
  return "restart " + std::to_string(restart.epoch);
}

std::string line_of(const Kill&) {
  return "kill";
}

std::string line_of(const Leave&) {
  return "leave";
}

int digit_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

/// The words after the first one, as members of the report that `kind` names.
std::optional<Report> report_of(std::string_view kind, Words& words) {
  if (kind == "hello") {
    Hello hello;
    hello.token = words.text();
    hello.rank = words.number<int>();
    hello.host = words.text();
    return hello;
  }
  if (kind == "started") {
    Started started;
    started.epoch = words.number<std::uint32_t>();
    started.process_id = words.number<std::int64_t>();
    return started;
  }
  if (kind == "ready") {
    Ready ready;
    ready.epoch = words.number<std::uint32_t>();
    ready.process_id = words.number<std::int64_t>();
    ready.address = words.bytes();
    return ready;
  }
  if (kind == "beat") {
    Beat beat;
    beat.epoch = words.number<std::uint32_t>();
    beat.progress = words.number<std::uint64_t>();
    return beat;
  }
  if (kind == "dead") {
    Dead dead;
    dead.epoch = words.number<std::uint32_t>();
    dead.how = words.rest();
    return dead;
  }
  return std::nullopt;
}

std::optional<Order> order_of(std::string_view kind, Words& words) {
  if (kind == "restart") return Restart{words.number<std::uint32_t>()};
  if (kind == "kill") return Kill{};
  if (kind == "leave") return Leave{};
  return std::nullopt;
}

}  // namespace

std::string encode(const Endpoint& endpoint) {
  std::string word = std::to_string(endpoint.port) + '/' + endpoint.token + '/';
  bool first = true;
  for (const std::string& address : endpoint.addresses) {
    if (word.size() + 1 + address.size() > most_endpoint_bytes) break;
    if (!std::exchange(first, false)) word += ',';
    word += address;
  }
  return word;
}

std::optional<Endpoint> decode_endpoint(std::string_view word) {
  const std::size_t port_end = word.find('/');
  const std::size_t token_end = word.find('/', port_end + 1);
  if (port_end == std::string_view::npos || token_end == std::string_view::npos)
    return std::nullopt;
  Endpoint endpoint;
  Words port(word.substr(0, port_end));
  endpoint.port = port.number<std::uint16_t>();
  endpoint.token = word.substr(port_end + 1, token_end - port_end - 1);
  for (std::string_view rest = word.substr(token_end + 1); !rest.empty();) {
    const std::string_view address = rest.substr(0, rest.find(','));
    if (!address.empty()) endpoint.addresses.emplace_back(address);
    rest.remove_prefix(std::min(rest.size(), address.size() + 1));
  }
  if (!port.sound() || endpoint.token.empty() || endpoint.addresses.empty()) return std::nullopt;
  return endpoint;
}

std::string encode(const Report& report) {
  return std::visit([](const auto& message) { return line_of(message); }, report) + '\n';
}

std::string encode(const Order& order) {
  return std::visit([](const auto& message) { return line_of(message); }, order) + '\n';
}

std::optional<Report> decode_report(std::string_view line) {
  Words words(line);
  std::optional<Report> report = report_of(words.text(), words);
  return words.sound() ? report : std::nullopt;
}

std::optional<Order> decode_order(std::string_view line) {
  Words words(line);
  std::optional<Order> order = order_of(words.text(), words);
  return words.sound() ? order : std::nullopt;
}

std::string to_hexadecimal(std::string_view bytes) {
  if (bytes.empty()) return std::string(no_bytes);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += digits[value >> 4U];
    text += digits[value & 15U];
  }
  return text;
}

std::optional<std::string> from_hexadecimal(std::string_view digits) {
  std::string bytes;
  if (digits == no_bytes) return bytes;
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = digit_value(digits[i]);
    const int low = digit_value(digits[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

}  // namespace pkv::mpi::control
