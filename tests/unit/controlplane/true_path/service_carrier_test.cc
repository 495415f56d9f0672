// SPDX-License-Identifier: Apache-2.0
// In a network of its own: what a carried socket sends leaves as the datapath's frame, and what others send does not.
#include "controlplane/true_path/service_carrier.hh"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include "dataplane/base/unique_fd.hh"
#include "tests/unit/controlplane/true_path/hop_mac.hh"

namespace guideway {
namespace {

void run(const std::string& command) { EXPECT_EQ(std::system(command.c_str()), 0) << command; }

ServiceCarrier::Way way_over(const std::string& interface) {
  ServiceCarrier::Way way;
  way.row.index = 7;
  way.row.forward = GW_FORWARD_L2;
  way.row.family = 4;
  way.row.flags = GW_BACKEND_RESOLVED;
  way.row.mtu_bytes = 1500;
  std::memcpy(way.row.next_hop_mac, hop_mac, 6);
  way.interface = interface;
  way.source = IpAddress::parse("198.51.100.1");
  return way;
}

CheckTarget target_to(const char* service) {
  CheckTarget target;
  target.address = *IpAddress::parse(service);
  target.port = 80;
  target.way = CheckWay{7, 0};
  return target;
}

UniqueFd udp_socket() { return UniqueFd(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// Everything that arrives at the far end.
class FarEnd {
 public:
  FarEnd() : fd_(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_IP))) {
    sockaddr_ll local{};
    local.sll_family = AF_PACKET;
    local.sll_protocol = htons(ETH_P_IP);
    local.sll_ifindex = static_cast<int>(::if_nametoindex("there"));
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local), 0);
  }
  // The next frame; empty if none comes soon.
  std::vector<std::uint8_t> next(boost::asio::io_context& io) const {
    std::vector<std::uint8_t> frame(2048);
    for (int i = 0; i < 50; ++i) {
      io.restart();
      io.run_for(std::chrono::milliseconds(5));
      pollfd one{fd_.get(), POLLIN, 0};
      if (::poll(&one, 1, 5) != 1) continue;
      const ssize_t bytes = ::recv(fd_.get(), frame.data(), frame.size(), 0);
      frame.resize(bytes > 0 ? static_cast<std::size_t>(bytes) : 0);
      return frame;
    }
    return {};
  }

 private:
  UniqueFd fd_;
};

void say(const UniqueFd& socket, const char* address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(80);
  ::inet_pton(AF_INET, address, &to.sin_addr);
  EXPECT_EQ(::sendto(socket.get(), "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 5)
      << std::strerror(errno);
}

void try_carrying() {
  run("ip link set lo up && ip link add here type veth peer name there && ip link set here up && "
      "ip link set there up && ip addr add 198.51.100.1/24 dev here && ip route add default dev here");
  boost::asio::io_context io;
  const FarEnd far_end;
  bool knows_way = false;
  ServiceCarrier carrier(io, [&](std::uint32_t backend) -> Result<ServiceCarrier::Way> {
    EXPECT_EQ(backend, 7U);
    if (!knows_way) return failure("no snapshot yet");
    return way_over("here");
  });
  const UniqueFd socket = udp_socket();
  EXPECT_EQ(carrier.carry(socket.get(), target_to("192.0.2.10")).error().message, "no snapshot yet");
  knows_way = true;
  auto carried = carrier.carry(socket.get(), target_to("192.0.2.10"));
  ASSERT_TRUE(carried.has_value()) << carried.error().message;
  say(socket, "192.0.2.10");
  const auto frame = far_end.next(io);
  ASSERT_GE(frame.size(), 14U + 20 + 8 + 5);
  EXPECT_EQ(std::memcmp(frame.data(), hop_mac, 6), 0) << "to the backend's next hop, not where the kernel would send";
  const std::uint8_t addresses[8] = {198, 51, 100, 1, 192, 0, 2, 10};
  EXPECT_EQ(std::memcmp(frame.data() + 26, addresses, 8), 0);
  EXPECT_EQ(std::memcmp(frame.data() + 42, "hello", 5), 0);
  // What is let go of is carried no more.
  carried->reset();
  run("ip addr add 192.0.2.11/32 dev lo");
  EXPECT_EQ(carrier.carry(udp_socket().get(), target_to("192.0.2.11")).error().message,
            "the service's 192.0.2.11 is an address of this machine, so what is sent there never leaves; take it off, "
            "or "
            "check without through = \"service\"");
  say(socket, "192.0.2.10");
  EXPECT_TRUE(far_end.next(io).empty());
  run("ip rule | grep -q 'fwmark 0x6777'");
  carrier.stop();
  io.restart();
  io.run();
}

TEST(ServiceCarrier, CarriesWhatItsSocketsSend) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a network needs root";
  bool entered = false;
  std::thread([&] {
    entered = ::unshare(CLONE_NEWNET) == 0;
    if (!entered) return;
    try_carrying();
    EXPECT_NE(std::system("ip rule | grep -q 'fwmark 0x6777'"), 0) << "the rule is gone with it";
  }).join();
  if (!entered) GTEST_SKIP() << "this machine allows no network namespace";
}

}  // namespace
}  // namespace guideway
