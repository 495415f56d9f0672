// SPDX-License-Identifier: Apache-2.0
// A datapath that refuses a snapshot: the edit is undone, and what was running goes on. Played by hand, because a
// proper datapath has no reason to.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>
#include <future>

#include "tests/unit/controlplane/api/daemon_process.hh"
#include "tests/unit/controlplane/publish/raw_door.hh"

namespace guideway {
namespace {

// The datapath: accepts what it is offered, or refuses a snapshot.
class Player {
 public:
  Player(RawDoor& door, const FakeDatapath& datapath) : door_(door), datapath_(datapath) {}

  void welcome() {
    ASSERT_TRUE(door_.accept());
    auto hello = door_.receive();
    ASSERT_TRUE(hello.has_value());
    door_.welcome(good_welcome(datapath_), hello->sequence, datapath_);
  }
  // Answers until one snapshot was answered.
  void answer_snapshot(bool accept) {
    for (;;) {
      const auto offer = door_.receive<door::SnapshotOffer>();  // or one of tables, which is as long
      ASSERT_TRUE(offer.has_value());
      const bool is_snapshot = offer->header.type == door::MessageType::snapshot_offer;
      if (is_snapshot && !accept) {
        door::Rejected rejected{};
        std::strcpy(rejected.reason.data(), "this is a test");
        return door_.send(rejected, offer->header.sequence);
      }
      door::Accepted accepted{};
      accepted.id = is_snapshot ? offer->generation : std::bit_cast<door::TableOffer>(*offer).table_count;
      door_.send(accepted, offer->header.sequence);
      if (is_snapshot) return;
    }
  }

 private:
  RawDoor& door_;
  const FakeDatapath& datapath_;
};

TEST_F(DaemonTest, AnEditThatTheDatapathRefusesIsUndone) {
  listen_as(1);
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  RawDoor door(door_);
  ASSERT_TRUE(door.is_open());
  Player player(door, datapath);
  start();
  player.welcome();
  player.answer_snapshot(true);
  ASSERT_TRUE(becomes("a", "up"));
  const nlohmann::json before = get("/v1/config");
  auto answer = std::async(std::launch::async, [&] {
    return edit({{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", 7}});
  });
  player.answer_snapshot(false);
  EXPECT_EQ(answer.get().status, 409);
  player.answer_snapshot(true);
  EXPECT_EQ(get("/v1/config"), before);
  kill(SIGKILL);
  start();
  EXPECT_EQ(get("/v1/config"), before) << "undone on disk, too";
}

}  // namespace
}  // namespace guideway
