// SPDX-License-Identifier: Apache-2.0
// The watcher against this machine's own kernel, as far as that needs neither root nor a network.
#include "controlplane/neighbours/neighbour_watcher.hh"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <set>
#include <thread>

namespace guideway {
namespace {

using Clock = std::chrono::steady_clock;

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

std::set<IpAddress> many_addresses() {
  std::set<IpAddress> addresses;
  for (int i = 0; i < 5000; ++i) {
    IpAddress address = loopback;
    address.bytes[2] = static_cast<std::uint8_t>(i >> 8);
    address.bytes[3] = static_cast<std::uint8_t>(i);
    addresses.insert(address);
  }
  return addresses;
}

TEST(NeighbourWatcher, ManyAddressesAreAnsweredInAFewTurns) {
  boost::asio::io_context io;
  std::size_t told = 0;
  auto watcher = NeighbourWatcher::open(io, [&told](const std::vector<IpAddress>& changed) { told += changed.size(); });
  ASSERT_TRUE(watcher) << watcher.error().message;
  (*watcher)->set_wanted(many_addresses());
  const auto give_up = Clock::now() + std::chrono::seconds(10);
  while (told < 5000 && Clock::now() < give_up) io.run_one_for(std::chrono::milliseconds(50));
  EXPECT_EQ(told, 5000u);
}

TEST(NeighbourWatcher, WhoTakesLongIsToldSeldom) {
  constexpr std::chrono::milliseconds each{20};
  boost::asio::io_context io;
  std::size_t told = 0;
  int calls = 0;
  auto watcher = NeighbourWatcher::open(io, [&](const std::vector<IpAddress>& changed) {
    told += changed.size();
    ++calls;
    std::this_thread::sleep_for(each);
  });
  ASSERT_TRUE(watcher) << watcher.error().message;
  const auto began = Clock::now();
  (*watcher)->set_wanted(many_addresses());
  while (told < 5000 && Clock::now() < began + std::chrono::seconds(10)) io.run_one_for(std::chrono::milliseconds(50));
  EXPECT_EQ(told, 5000u);
  // A fifth of the time, but for the first notice and the last.
  EXPECT_LE(calls, (Clock::now() - began) / (5 * each) + 2);
}

}  // namespace
}  // namespace guideway
