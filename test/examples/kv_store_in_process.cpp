// The store by itself: a compact map in this process, with no server and no network.
#include "pkv/kv_store.hpp"

#include <iostream>

int main() {
  pkv::KVStore store;

  store.create("color", "red").value();  // value() throws what went wrong
  if (const auto again = store.create("color", "blue"); again.error() == pkv::errc::key_exists) {
    std::cout << "color is there already: " << store.read("color").value() << '\n';
  }

  store.put("visits", "41").value();
  std::cout << "visits: " << store.increment("visits", 1).value() << '\n';

  store.erase("color").value();
  if (const auto color = store.read("color"); !color) {
    std::cout << "color: " << color.error().message() << '\n';
  }
  std::cout << store.size() << " key left\n";
}
