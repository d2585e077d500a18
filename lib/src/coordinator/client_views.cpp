#include "coordinator/client_views.hpp"

#include "coordinator/conversation.hpp"
#include "protocol/error_text.hpp"
#include "protocol/reply_writer.hpp"
#include "wire/copying.hpp"

#include <chrono>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace pkv {
namespace {

/// Pages that wait for the client to ask. With those under way it is a few megabytes.
constexpr std::size_t pages_ahead = 4;

/// What the nodes save for it would be in vain, and others may want to open one.
constexpr std::chrono::seconds longest_silence{60};

/// Key, value, version and time of expiry (or -1) of each entry, one behind the other, as an array.
std::string encode(std::string_view page) {
  constexpr std::size_t values_per_entry = 4;
  wire::PageReader reader(page);
  std::string encoded;
  encoded.resize(page.size() + reply_writer::max_number_bytes +
                 reader.left() * (2 * reply_writer::max_bulk_overhead_bytes +
                                  2 * reply_writer::max_number_bytes));
  char* at = reply_writer::write_array_header(encoded.data(), values_per_entry * reader.left());
  for (wire::CopiedEntry entry; reader.next(entry);) {
    at = reply_writer::write_bulk(at, entry.key);
    at = reply_writer::write_bulk(at, entry.value);
    at = reply_writer::write_integer(at, static_cast<std::int64_t>(entry.version));
    at = reply_writer::write_integer(at, entry.expires_at == never ? -1 : entry.expires_at);
  }
  encoded.resize(static_cast<std::size_t>(at - encoded.data()));
  return encoded;
}

std::string encode_error(errc why) {
  return "-" + std::string(error_text::of(why)) + "\r\n";
}

constexpr auto no_more_entries = "*0\r\n";

}  // namespace

class ClientViews::View final : public ScanConsumer {
 public:
  using Clock = Coordinator::Clock;

  View(StoreScans& scans, Conversation& client, Clock::time_point now)
      : client_(client), asked_(now) {
    StoreScan& scan = scans.begin(*this);
    if (!ended_) scan_ = &scan;
  }
  View(const View&) = delete;
  View& operator=(const View&) = delete;
  ~View() {
    if (scan_ != nullptr) scan_->stop();
    for (const std::uint32_t ticket : waiting_)
      client_.finish(ticket, encode_error(errc::view_lost));
  }

  void next(std::uint32_t ticket, Clock::time_point now) {
    asked_ = now;
    if (!pages_.empty()) {
      client_.finish(ticket, encode(pages_.front().bytes));
      pages_.pop_front();
    } else if (ended_) {
      client_.finish(ticket, end_of_view());
    } else {
      waiting_.push_back(ticket);
    }
  }

  /// The client does not seem to want it any more.
  void expire(Clock::time_point now) {
    if (scan_ == nullptr || !waiting_.empty() || now - asked_ <= longest_silence) return;
    scan_->stop();
    on_end(errc::view_lost);
    pages_.clear();
  }

  // ScanConsumer
  [[nodiscard]] bool has_room() const override { return pages_.size() < pages_ahead; }
  void on_page(std::size_t, std::string_view page, const SharedFrame& frame) override {
    if (wire::PageReader(page).left() == 0) return;  // would say that there are no more
    if (waiting_.empty()) {
      pages_.push_back({frame, page});
      return;
    }
    const std::uint32_t ticket = waiting_.front();
    waiting_.pop_front();
    client_.finish(ticket, encode(page));
  }
  void on_end(std::optional<errc> failure) override {
    scan_ = nullptr;
    ended_ = true;
    failure_ = failure;
    for (const std::uint32_t ticket : std::exchange(waiting_, {}))
      client_.finish(ticket, end_of_view());
  }

 private:
  struct Page {
    SharedFrame frame;
    std::string_view bytes;
  };

  [[nodiscard]] std::string end_of_view() const {
    return failure_ ? encode_error(*failure_) : std::string(no_more_entries);
  }

  Conversation& client_;
  Clock::time_point asked_;
  StoreScan* scan_ = nullptr;  // none once it is over
  std::deque<Page> pages_;
  std::deque<std::uint32_t> waiting_;  // commands; none while there are pages
  bool ended_ = false;
  std::optional<errc> failure_;
};

ClientViews::ClientViews(Coordinator& coordinator, StoreScans& scans)
    : coordinator_(coordinator), scans_(scans) {}

ClientViews::~ClientViews() = default;

void ClientViews::open(Conversation& client) {
  views_.emplace(&client, std::make_unique<View>(scans_, client, coordinator_.now()));
}

void ClientViews::next(Conversation& client, std::uint32_t ticket) {
  views_.at(&client)->next(ticket, coordinator_.now());
}

void ClientViews::expire() {
  for (const auto& [client, view] : views_)
    view->expire(coordinator_.now());
}

void ClientViews::forget(Conversation& client) noexcept {
  const auto found = views_.find(&client);
  if (found == views_.end()) return;
  const std::unique_ptr<View> view = std::move(found->second);
  views_.erase(found);
}

}  // namespace pkv
