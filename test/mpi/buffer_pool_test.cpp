#include "mpi/buffer_pool.hpp"

#include <catch2/catch.hpp>

namespace pkv::mpi {
namespace {

TEST_CASE("BufferPool: what it gives is empty and large enough", "[mpi][buffer]") {
  BufferPool pool(1000, 2);
  ByteBuffer buffer = pool.take();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() >= 1000);
  buffer.append("content");
  pool.recycle(std::move(buffer));
  CHECK(pool.take().empty());
}

TEST_CASE("BufferPool: the last one returned is the first one given", "[mpi][buffer]") {
  BufferPool pool(1000, 2);
  ByteBuffer first = pool.take();
  ByteBuffer second = pool.take();
  const char* const memory_of_second = second.data();
  pool.recycle(std::move(first));
  pool.recycle(std::move(second));
  CHECK(pool.take().data() == memory_of_second);
}

TEST_CASE("BufferPool: neither too small, nor far too large, nor too many are kept",
          "[mpi][buffer]") {
  BufferPool pool(1000, 1);
  ByteBuffer kept(1000);
  const char* const memory_of_kept = kept.data();
  pool.recycle(ByteBuffer(999));
  pool.recycle(ByteBuffer(2001));
  pool.recycle(std::move(kept));
  pool.recycle(ByteBuffer(1000));
  CHECK(pool.take().data() == memory_of_kept);
}

}  // namespace
}  // namespace pkv::mpi
