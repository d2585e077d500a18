#pragma once

#include "coordinator/reply_receiver.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pkv::test {

/// Notes what it is told.
class Receiver final : public ReplyReceiver {
 public:
  struct Told {
    std::uint32_t ticket = 0;
    std::uint32_t part = 0;
    wire::ReplyKind kind{};
    std::int64_t integer = 0;
    errc error{};
    std::string value;

    friend bool operator==(const Told&, const Told&) = default;
  };

  void on_reply(std::uint32_t ticket, std::uint32_t part, const wire::WireReply& reply,
                const SharedFrame&) override {
    told.push_back(
        {ticket, part, reply.kind, reply.integer, reply.error, std::string(reply.value)});
  }
  void on_room() override { ++rooms; }

  /// The tickets in the order in which they were answered.
  [[nodiscard]] std::vector<std::uint32_t> tickets() const {
    std::vector<std::uint32_t> all;
    for (const Told& each : told)
      all.push_back(each.ticket);
    return all;
  }
  /// How many were answered with this error.
  [[nodiscard]] std::size_t errors(errc error) const {
    std::size_t count = 0;
    for (const Told& each : told)
      if (each.kind == wire::ReplyKind::error && each.error == error) ++count;
    return count;
  }

  std::vector<Told> told;
  int rooms = 0;
};

}  // namespace pkv::test
