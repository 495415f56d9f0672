// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/cpu_tour.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(CpuTour, GoesThereAndComesBack) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  {
    CpuTour tour;
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &before) == 0) continue;
      ASSERT_TRUE(tour.go_to(static_cast<std::uint32_t>(cpu)));
      EXPECT_EQ(::sched_getcpu(), cpu);
    }
    EXPECT_FALSE(tour.go_to(CPU_SETSIZE));
  }
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(CpuList, IsReadAsTheKernelWritesIt) {
  using Cpus = std::vector<std::uint32_t>;
  EXPECT_EQ(*parse_cpu_list("0\n"), (Cpus{0}));
  EXPECT_EQ(*parse_cpu_list("0-3,8,10-11\n"), (Cpus{0, 1, 2, 3, 8, 10, 11}));
  for (const char* wrong : {"", "\n", "x", "1-", "3-1", "0,", "0 1", "0-9999"})
    EXPECT_FALSE(parse_cpu_list(wrong)) << wrong;
}

}  // namespace
}  // namespace guideway
