#pragma once

#include "base/byte_buffer.hpp"
#include "wire/operation.hpp"
#include "worker/store_views.hpp"

#include <cstdint>

namespace pkv {

/// Runs Opcode::open_view, view_page and close_view on a node's views, and appends exactly one
/// reply. `sequence` is the operation's place in the order, `clock_ms` the time it runs by.
///
/// A page takes as long as one of Opcode::copy_page, or twice that while what it covers is written.
///
/// Errors: answers. errc::malformed_frame: the value is not what the operation carries, or the page
/// lies in front of one that has been asked for. errc::view_lost: there is no such view, or no
/// more. Those of StoreViews::open and StoreView::visit_page.
void run_viewing(StoreViews& views, const wire::Operation& operation, Version sequence,
                 std::int64_t clock_ms, ByteBuffer& to);

}  // namespace pkv
