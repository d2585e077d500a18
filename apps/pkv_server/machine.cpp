#include "pkv_server/machine.hpp"

#include "mpi/control_protocol.hpp"

#include <array>
#include <cerrno>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/random.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace pkv::server {
namespace {

/// In digits; empty if it is of another kind than wanted.
std::string in_digits(const ifaddrs& interface) {
  const sockaddr* const address = interface.ifa_addr;
  const bool usable = address != nullptr && (interface.ifa_flags & IFF_UP) != 0 &&
                      (interface.ifa_flags & IFF_LOOPBACK) == 0;
  if (!usable) return {};
  socklen_t length = 0;
  if (address->sa_family == AF_INET) length = sizeof(sockaddr_in);
  if (address->sa_family == AF_INET6) length = sizeof(sockaddr_in6);
  std::array<char, NI_MAXHOST> text{};
  if (length == 0 ||
      getnameinfo(address, length, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  // One with a zone (fe80::1%eth0) means something on this machine only.
  const std::string_view digits(text.data());
  return digits.find('%') == std::string_view::npos ? std::string(digits) : std::string();
}

}  // namespace

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0') return "unknown";
  return name.data();
}

std::vector<std::string> machine_addresses() {
  ifaddrs* found = nullptr;
  std::vector<std::string> addresses;
  if (getifaddrs(&found) == 0) {
    for (const ifaddrs* at = found; at != nullptr; at = at->ifa_next)
      if (std::string digits = in_digits(*at); !digits.empty())
        addresses.push_back(std::move(digits));
    freeifaddrs(found);
  }
  if (addresses.empty()) addresses.emplace_back("127.0.0.1");
  return addresses;
}

std::string random_token() {
  std::array<char, 16> bits{};
  if (getrandom(bits.data(), bits.size(), 0) != ssize_t{bits.size()})
    throw std::system_error(errno, std::generic_category(), "getrandom");
  return mpi::control::to_hexadecimal({bits.data(), bits.size()});
}

}  // namespace pkv::server
