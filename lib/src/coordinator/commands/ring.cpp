#include "coordinator/commands/fields.hpp"
#include "coordinator/commands/handlers.hpp"
#include "protocol/error_text.hpp"
#include "protocol/same_word.hpp"

#include <array>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

namespace pkv::commands {
namespace {

std::string hexadecimal(std::uint64_t number) {
  std::array<char, 16> digits;
  char* end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  const std::string text(digits.data(), end);
  return "0x" + std::string(digits.size() - text.size(), '0') + text;
}

std::string scheme_name(const RingOptions& options) {
  return options.scheme == RingScheme::node_count ? "as many points per node as there are nodes"
                                                  : "constant points per node";
}

Reply describe(const Ring& ring) {
  Fields fields;
  fields.add("scheme", scheme_name(ring.options()));
  fields.add("nodes", ring.nodes().size());
  fields.add("points", ring.points().size());
  fields.add("points_per_node",
             static_cast<double>(ring.points().size()) / static_cast<double>(ring.nodes().size()));
  fields.add("peak_to_mean", ring.peak_to_mean());
  for (const RingNode& node : ring.nodes())
    fields.add("share_of_node_" + std::to_string(to_number(node.id)), ring.share(node.id));
  return std::move(fields).take();
}

Reply locate(const Coordinator& coordinator, std::string_view key) {
  const ServerNode& node = coordinator.nodes()[coordinator.worker_of(key)];
  Fields fields;
  fields.add("node", to_number(node.id));
  fields.add("rank", node.rank);
  fields.add("host", node.host);
  fields.add("position", hexadecimal(Ring::position(key)));
  return std::move(fields).take();
}

}  // namespace

Outcome ring(Conversation& client, Words words) {
  const Coordinator& coordinator = client.service().coordinator;
  if (words.size() == 1) return client.reply(describe(coordinator.ring()));
  if (!same_word(words[1], "where"))
    return client.reply_error(error_text::unknown_subcommand("ring", words[1]));
  if (words.size() != 3) return client.reply_error(error_text::wrong_arity("ring|where"));
  return client.reply(locate(coordinator, words[2]));
}

}  // namespace pkv::commands
