// SPDX-License-Identifier: Apache-2.0
#include "controlplane/true_path/own_address.hh"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

namespace guideway {
namespace {

bool is_own(const char* address) { return is_own_address(*IpAddress::parse(address)); }

TEST(OwnAddress, LoopbackIs) {
  EXPECT_TRUE(is_own("127.0.0.1"));
  EXPECT_TRUE(is_own("127.1.2.3"));
}

void try_addresses() {
  ASSERT_EQ(std::system("ip link set lo up && ip link add here type dummy 2>/dev/null || "
                        "ip link add here type veth peer name there; ip link set here up && "
                        "ip addr add 198.51.100.1/24 dev here && ip addr add 2001:db8:51::1/64 dev here nodad && "
                        "ip addr add 192.0.2.10/32 dev lo && ip route add local 203.0.113.0/24 dev lo"),
            0);
  for (const char* own : {"198.51.100.1", "2001:db8:51::1", "192.0.2.10", "203.0.113.9", "::1"})
    EXPECT_TRUE(is_own(own)) << own;
  // A neighbour, and where there is no way to.
  for (const char* other : {"198.51.100.2", "2001:db8:51::2", "192.0.2.11", "2001:db8:52::1"})
    EXPECT_FALSE(is_own(other)) << other;
}

TEST(OwnAddress, IsToldFromNeighbours) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a network needs root";
  bool entered = false;
  std::thread([&] {
    entered = ::unshare(CLONE_NEWNET) == 0;
    if (entered) try_addresses();
  }).join();
  if (!entered) GTEST_SKIP() << "this machine allows no network namespace";
}

}  // namespace
}  // namespace guideway
