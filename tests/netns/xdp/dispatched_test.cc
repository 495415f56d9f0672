// SPDX-License-Identifier: Apache-2.0
// The program in its place behind libxdp's dispatcher, on a veth pair in namespaces of this test's own. Where the
// kernel refuses freplace, libxdp attaches our entry alone: all but the company is the same, and the test says so.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "dataplane/xdp/attachment.hh"
#include "dataplane/xdp/dispatcher.hh"
#include "dataplane/xdp/kernel_support.hh"
#include "dataplane/xdp/pins.hh"
#include "tests/netns/xdp/wire.hh"
#include "tests/support/frames.hh"

namespace guideway {
namespace {

class DispatchedTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) GTEST_SKIP() << "no namespaces: " << std::strerror(errno);
    ASSERT_EQ(::mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    ASSERT_EQ(::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0) << std::strerror(errno);
    ASSERT_EQ(std::system("ip link add gw0 type veth peer name gw1 && ip link set gw0 up && ip link set gw1 up"), 0);
    index_ = ::if_nametoindex("gw0");
    const auto dispatcher = check_dispatcher();
    std::printf("%s\n", dispatcher ? "behind libxdp's dispatcher" : dispatcher.error().message.c_str());
    auto pins = Pins::claim("/sys/fs/bpf/guideway/xdp");
    ASSERT_TRUE(pins) << pins.error().message;
    pins_ = std::make_unique<Pins>(std::move(*pins));
    for (auto& program : programs_) {
      XdpOptions options;
      options.capacities = {4, 16, 64};
      options.decision_is_told = false;
      options.worker_count = static_cast<std::uint32_t>(std::thread::hardware_concurrency());
      auto loaded = XdpProgram::load(options);
      if (!loaded && loaded.error().message.find("refuses BPF") != std::string::npos)
        GTEST_SKIP() << loaded.error().message;
      ASSERT_TRUE(loaded) << loaded.error().message;
      program = std::move(*loaded);
    }
  }

  Result<Attachment> attach(const XdpProgram& program, XdpMode mode = XdpMode::automatic) {
    const auto entry = DispatchedEntry::open(pins_->entry());
    if (!entry) return failure_of(entry);
    auto attached = Attachment::attach_dispatched(program, "gw0", mode, *entry);
    if (attached) {
      EXPECT_TRUE(pins_->add_dispatched(index_));
    }
    return attached;
  }

  static std::uint64_t received(const XdpProgram& program) {
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i < program.worker_count(); ++i) sum += program.counters(i).worker.received_packets;
    return sum;
  }

  std::uint32_t index_ = 0;
  std::unique_ptr<Pins> pins_;
  std::unique_ptr<XdpProgram> programs_[2];
};

TEST_F(DispatchedTest, EveryPacketMeetsTheOldProgramOrTheNewOne) {
  const auto first = attach(*programs_[0]);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_TRUE(first->is_native());
  EXPECT_FALSE(first->is_replacement());
  const auto before = find_attached(index_);
  Wire client("gw1");
  Wire kernel("gw0");
  constexpr std::uint32_t rounds = 400;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    if (i % 20 == 19) {
      const auto next = attach(*programs_[i / 20 % 2]);
      ASSERT_TRUE(next) << next.error().message;
      EXPECT_TRUE(next->is_replacement());
    }
    client.send(testing_support::arp_frame());
    ASSERT_EQ(kernel.receive(arp_type), testing_support::arp_frame()) << i;
  }
  // Other frames than ours may come in as well, such as IPv6's own.
  EXPECT_GE(received(*programs_[0]), rounds / 2 - 20);
  EXPECT_GE(received(*programs_[1]), rounds / 2 - 20);
  const auto after = find_attached(index_);
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->id, after->id);  // what is on the interface stays: only where it leads to has changed
}

TEST_F(DispatchedTest, OutlivesItsProcessAndLeavesNothingBehind) {
  {
    const auto attached = attach(*programs_[0]);
    ASSERT_TRUE(attached) << attached.error().message;
  }
  programs_[0].reset();  // as if the process had been killed: what is pinned holds the program
  EXPECT_TRUE(DispatchedEntry::is_on(index_));
  Wire client("gw1");
  Wire kernel("gw0");
  client.send(testing_support::arp_frame());
  EXPECT_EQ(kernel.receive(arp_type), testing_support::arp_frame());
  const auto next = attach(*programs_[1]);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_TRUE(next->is_replacement());
  client.send(testing_support::arp_frame());
  EXPECT_EQ(kernel.receive(arp_type), testing_support::arp_frame());
  EXPECT_GE(received(*programs_[1]), 1U);
  ASSERT_TRUE(pins_->remove_all());
  EXPECT_FALSE(find_attached(index_));
  EXPECT_FALSE(std::filesystem::exists("/sys/fs/bpf/guideway"));
}

TEST_F(DispatchedTest, FallsBackToGenericAndChangesModeWhenAsked) {
  ASSERT_EQ(std::system("ip link set gw0 mtu 9000 && ip link set gw1 mtu 9000"), 0);
  EXPECT_FALSE(attach(*programs_[0], XdpMode::native));
  const auto generic = attach(*programs_[0]);
  ASSERT_TRUE(generic) << generic.error().message;
  EXPECT_FALSE(generic->is_native());
  EXPECT_NE(generic->warning().find("generic"), std::string::npos);
  ASSERT_EQ(std::system("ip link set gw0 mtu 1500 && ip link set gw1 mtu 1500"), 0);
  const auto native = attach(*programs_[1], XdpMode::native);
  ASSERT_TRUE(native) << native.error().message;
  EXPECT_TRUE(native->is_native());
  ASSERT_TRUE(pins_->remove_all());
}

}  // namespace
}  // namespace guideway
