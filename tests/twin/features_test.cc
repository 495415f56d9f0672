// SPDX-License-Identifier: Apache-2.0
// Both datapaths over everything that a snapshot can say: a new random one every few bursts, with traffic that meets it
// in all ways that docs/packet-path.md tells apart.
#include <gtest/gtest.h>

#include <cstdio>

#include "ebpf/abi/health.h"
#include "tests/twin/frame_maker.hh"
#include "tests/twin/random_rows.hh"
#include "tests/twin/side_by_side.hh"

namespace guideway::twin {
namespace {

constexpr std::uint64_t packets_of_all_seeds = 5'000'000;
constexpr std::uint32_t seeds = 3;

class Features : public SideBySide, public testing::WithParamInterface<std::uint32_t> {
 protected:
  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_()) % limit; }

  void flip_health() {
    for (std::uint32_t i = 0; i < rows_backends_max; ++i) {
      if (below(4) != 0) continue;
      const std::uint32_t state = below(2) == 0 ? below(4) : std::uint32_t{GW_HEALTH_UP};
      const std::uint32_t share = below(3) == 0 ? below(65536) : GW_SHARE_FULL;
      const std::uint32_t generation = gw_health_generation(pipeline_->health().load(i)) + (below(20) == 0 ? 1 : 0);
      set_health(i, gw_health_word(share, state, 0, generation));
    }
  }

  std::mt19937 random_{GetParam()};
};

TEST_P(Features, NoPacketIsTreatedDifferently) {
  start({rows_services_max, rows_backends_max, 256});
  if (IsSkipped() || HasFatalFailure()) return;
  RandomRows rows(random_);
  FrameMaker frames(random_);
  std::uint32_t now_ticks = 0;
  std::uint64_t packets = 0;
  const std::uint64_t wanted = packets_wanted(packets_of_all_seeds) / seeds;
  for (std::uint64_t i = 0; packets < wanted; ++i) {
    if (i % 60 == 0) {
      ASSERT_NO_FATAL_FAILURE(install(rows.next()));
    }
    if (below(10) == 0) flip_health();
    if (below(4) == 0) now_ticks += below(40) == 0 ? below(500) : below(4);
    std::vector<std::vector<std::byte>> burst(1 + below(burst_packets_max));
    for (auto& frame : burst) frame = frames.next();
    packets += burst.size();
    ASSERT_NO_FATAL_FAILURE(decide(burst, now_ticks)) << "burst " << i;
  }
  std::printf("%llu packets, zero disagreement\n", static_cast<unsigned long long>(packets));
  // It must have been about something.
  for (const ExitName& exit : exit_names()) {
    if (exit.exit == GW_EXIT_DROP_NO_HEADROOM || exit.exit == GW_EXIT_DROP_TX_FULL ||
        exit.exit == GW_EXIT_DROP_KERNEL_FULL)
      continue;  // nothing here is ever full
    EXPECT_GT(pipeline_->counters().exits[exit.exit], 0U) << exit.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, Features, testing::Range(1U, 1U + seeds));

}  // namespace
}  // namespace guideway::twin
