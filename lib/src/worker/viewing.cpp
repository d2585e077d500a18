#include "worker/viewing.hpp"

#include "wire/copying.hpp"
#include "wire/viewing.hpp"
#include "wire/wire_reply.hpp"
#include "worker/page_answer.hpp"

namespace pkv {
namespace {

result<void> open_view(StoreViews& views, const wire::Operation& operation, Version sequence,
                       std::int64_t clock_ms, ByteBuffer& to) {
  const auto ranges = wire::RangesView::read(operation.value);
  if (!ranges) return errc::malformed_frame;
  if (const result<void> opened = views.open(*ranges, sequence, clock_ms); !opened) return opened;
  wire::append_ok(to);
  return {};
}

result<void> view_page(StoreViews& views, const wire::Operation& operation, std::int64_t clock_ms,
                       ByteBuffer& to) {
  const auto request = wire::read_copy_request(operation.value);
  if (!request) return errc::malformed_frame;
  StoreView* const view = views.find(request->set, clock_ms);
  if (view == nullptr) return errc::view_lost;
  return append_page(to, [&](const auto& visit) { return view->visit_page(*request, visit); });
}

result<void> close_view(StoreViews& views, const wire::Operation& operation, ByteBuffer& to) {
  const auto number = wire::read_view_number(operation.value);
  if (!number) return errc::malformed_frame;
  views.close(*number);
  wire::append_ok(to);
  return {};
}

}  // namespace

void run_viewing(StoreViews& views, const wire::Operation& operation, Version sequence,
                 std::int64_t clock_ms, ByteBuffer& to) {
  append_or_fail(to, [&]() -> result<void> {
    switch (operation.opcode) {
      case wire::Opcode::open_view:
        return open_view(views, operation, sequence, clock_ms, to);
      case wire::Opcode::view_page:
        return view_page(views, operation, clock_ms, to);
      case wire::Opcode::close_view:
        return close_view(views, operation, to);
      default:
        return errc::malformed_frame;
    }
  });
}

}  // namespace pkv
