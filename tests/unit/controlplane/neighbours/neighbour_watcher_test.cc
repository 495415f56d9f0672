// SPDX-License-Identifier: Apache-2.0
// The watcher against this machine's own kernel, as far as that needs neither root nor a network.
#include "controlplane/neighbours/neighbour_watcher.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace guideway {
namespace {

const IpAddress loopback = *IpAddress::parse("127.0.0.1");

TEST(NeighbourWatcher, TellsWhyLoopbackIsNoNextHop) {
  boost::asio::io_context io;
  std::vector<IpAddress> told;
  auto watcher = NeighbourWatcher::open(
      io, [&told](const std::vector<IpAddress>& changed) { told.insert(told.end(), changed.begin(), changed.end()); });
  ASSERT_TRUE(watcher) << watcher.error().message;
  (*watcher)->set_wanted({loopback, *IpAddress::parse("::1")});
  EXPECT_TRUE(told.empty()) << "never from within set_wanted()";
  EXPECT_EQ((*watcher)->find(loopback), std::nullopt);
  EXPECT_EQ((*watcher)->why_unresolved(loopback), "it is an address of this machine");
  EXPECT_FALSE((*watcher)->undecided(loopback));
  io.run_for(std::chrono::milliseconds(100));
  EXPECT_EQ(std::count(told.begin(), told.end(), loopback), 1);
  (*watcher)->set_wanted({});
  EXPECT_EQ((*watcher)->why_unresolved(loopback), "it is not watched");
}

TEST(NeighbourWatcher, LeavesNothingBehindWhenStopped) {
  boost::asio::io_context io;
  auto watcher = NeighbourWatcher::open(io, [](const std::vector<IpAddress>&) { ADD_FAILURE() << "called"; });
  ASSERT_TRUE(watcher) << watcher.error().message;
  (*watcher)->set_wanted({loopback});
  (*watcher)->stop();
  io.run_for(std::chrono::seconds(1));
  EXPECT_TRUE(io.stopped()) << "work is left behind";
  watcher->reset();
}

TEST(NeighbourWatcher, ManyAddressesAreAnsweredInAFewTurns) {
  boost::asio::io_context io;
  std::size_t told = 0;
  auto watcher = NeighbourWatcher::open(io, [&told](const std::vector<IpAddress>& changed) { told += changed.size(); });
  ASSERT_TRUE(watcher) << watcher.error().message;
  std::set<IpAddress> wanted;
  for (int i = 0; i < 5000; ++i) {
    IpAddress address = loopback;
    address.bytes[2] = static_cast<std::uint8_t>(i >> 8);
    address.bytes[3] = static_cast<std::uint8_t>(i);
    wanted.insert(address);
  }
  (*watcher)->set_wanted(wanted);
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (told < wanted.size() && std::chrono::steady_clock::now() < give_up) {
    io.run_one_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(told, 5000u);
}

}  // namespace
}  // namespace guideway
