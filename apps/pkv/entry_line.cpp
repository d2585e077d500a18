#include "entry_line.hpp"

#include "base64.hpp"
#include "plain_text.hpp"

#include <algorithm>
#include <limits>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace pkv::cli {
namespace {

namespace json = rapidjson;

using StrictWriter =
    json::Writer<json::StringBuffer, json::UTF8<>, json::UTF8<>, json::CrtAllocator,
                 json::kWriteDefaultFlags | json::kWriteValidateEncodingFlag>;

/// "name":"text", or "name_base64":"..." if the text is not UTF-8.
void append_member(std::string& to, std::string_view name, std::string_view text) {
  to.append("\"").append(name);
  json::StringBuffer quoted;
  StrictWriter writer(quoted);
  if (writer.String(text.data(), static_cast<json::SizeType>(text.size()))) {
    to.append("\":").append(quoted.GetString(), quoted.GetSize());
    return;
  }
  to.append("_base64\":\"");
  append_base64(to, text);
  to += '"';
}

std::string in_quotes(std::string_view name) {
  constexpr std::size_t longest = 40;
  std::string text = "\"";
  append_bytes(text, name.substr(0, longest), Bytes::escaped);
  return text + '"';
}

}  // namespace

void append_entry_line(std::string& to, const EntryView& entry) {
  to += '{';
  append_member(to, "key", entry.key);
  to += ',';
  append_member(to, "value", entry.value);
  to.append(",\"version\":").append(std::to_string(entry.version));
  if (entry.expires_at != never)
    to.append(",\"expires_at\":").append(std::to_string(entry.expires_at));
  to.append("}\n");
}

/// Takes what the parser finds. A function that returns false ends the parsing.
class EntryLineReader::Members {
 public:
  void clear() {
    failure_.clear();
    depth_ = 0;
    member_ = Member::none;
    has_key_ = has_value_ = has_version_ = has_expires_at_ = false;
    expires_at_ = never;
  }

  [[nodiscard]] std::string failure() const { return failure_; }
  [[nodiscard]] std::string missing() const {
    if (!has_key_) return "there is no \"key\" or \"key_base64\"";
    if (!has_value_) return "there is no \"value\" or \"value_base64\"";
    return {};
  }
  [[nodiscard]] const std::string& key() const noexcept { return key_; }
  [[nodiscard]] const std::string& value() const noexcept { return value_; }
  [[nodiscard]] Timestamp expires_at() const noexcept { return expires_at_; }

  // What rapidjson::Reader calls.
  bool StartObject() {
    if (++depth_ == 1) return true;
    return refuse_kind();
  }
  bool EndObject(json::SizeType) { return true; }
  bool Key(const char* text, json::SizeType bytes, bool) {
    const std::string_view name(text, bytes);
    member_ = name == "key"            ? Member::key
              : name == "key_base64"   ? Member::key_base64
              : name == "value"        ? Member::value
              : name == "value_base64" ? Member::value_base64
              : name == "version"      ? Member::version
              : name == "expires_at"   ? Member::expires_at
                                       : Member::none;
    name_ = name;
    if (member_ == Member::none) return fail("there is an unknown member " + in_quotes(name));
    bool& has = is_key()                     ? has_key_
                : is_value()                 ? has_value_
                : member_ == Member::version ? has_version_
                                             : has_expires_at_;
    if (has) return fail("there is a second " + in_quotes(name) + " or what stands for it");
    has = true;
    return true;
  }
  bool String(const char* text, json::SizeType bytes, bool) {
    if (depth_ != 1 || !(is_key() || is_value())) return refuse_kind();
    std::string& to = is_key() ? key_ : value_;
    if (member_ == Member::key || member_ == Member::value) {
      to.assign(text, bytes);
      return true;
    }
    auto decoded = decode_base64({text, bytes});
    if (!decoded) return fail(in_quotes(name_) + " is not base64");
    to = std::move(*decoded);
    return true;
  }
  bool Uint(unsigned number) { return Uint64(number); }
  bool Uint64(std::uint64_t number) {
    if (depth_ != 1 || (member_ != Member::version && member_ != Member::expires_at))
      return refuse_kind();
    if (member_ == Member::version) return true;
    if (number == never || number > std::numeric_limits<Timestamp>::max())
      return fail(in_quotes(name_) + " is not a time in milliseconds");
    expires_at_ = static_cast<Timestamp>(number);
    return true;
  }
  bool Null() { return refuse_kind(); }
  bool Bool(bool) { return refuse_kind(); }
  bool Int(int) { return refuse_kind(); }
  bool Int64(std::int64_t) { return refuse_kind(); }
  bool Double(double) { return refuse_kind(); }
  bool RawNumber(const char*, json::SizeType, bool) { return refuse_kind(); }
  bool StartArray() { return refuse_kind(); }
  bool EndArray(json::SizeType) { return refuse_kind(); }

 private:
  enum class Member : std::uint8_t {
    none,
    key,
    key_base64,
    value,
    value_base64,
    version,
    expires_at
  };

  [[nodiscard]] bool is_key() const noexcept {
    return member_ == Member::key || member_ == Member::key_base64;
  }
  [[nodiscard]] bool is_value() const noexcept {
    return member_ == Member::value || member_ == Member::value_base64;
  }
  bool refuse_kind() {
    if (depth_ == 0) return fail("it is not an object");
    return fail(in_quotes(name_) +
                (is_key() || is_value() ? " is not a string" : " is not a whole number"));
  }
  bool fail(std::string why) {
    failure_ = std::move(why);
    return false;
  }

  std::string failure_;
  int depth_ = 0;
  Member member_ = Member::none;
  std::string name_;
  std::string key_;
  std::string value_;
  bool has_key_ = false;
  bool has_value_ = false;
  bool has_version_ = false;
  bool has_expires_at_ = false;
  Timestamp expires_at_ = never;
};

EntryLineReader::EntryLineReader() : members_(std::make_unique<Members>()) {}

EntryLineReader::~EntryLineReader() = default;

std::string EntryLineReader::read(std::string_view line) {
  // To the parser it would be the end.
  if (const std::size_t at = line.find('\0'); at != std::string_view::npos)
    return "there is a byte 0 at column " + std::to_string(at + 1) + ", which JSON writes \\u0000";
  members_->clear();
  json::MemoryStream stream(line.data(), line.size());
  json::Reader reader;
  const json::ParseResult parsed =
      reader.Parse<json::kParseValidateEncodingFlag | json::kParseIterativeFlag>(stream, *members_);
  if (!parsed) {
    if (parsed.Code() == json::kParseErrorTermination) return members_->failure();
    return "it is no JSON at column " + std::to_string(parsed.Offset() + 1) + ": " +
           json::GetParseError_En(parsed.Code());
  }
  return members_->missing();
}

const std::string& EntryLineReader::key() const noexcept {
  return members_->key();
}

const std::string& EntryLineReader::value() const noexcept {
  return members_->value();
}

Timestamp EntryLineReader::expires_at() const noexcept {
  return members_->expires_at();
}

}  // namespace pkv::cli
