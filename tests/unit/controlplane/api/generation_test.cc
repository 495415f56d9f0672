// SPDX-License-Identifier: Apache-2.0
// guidewayd as a process: changes that are based on a generation, and refused once the intent has moved since.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

using nlohmann::json;

class GenerationTest : public DaemonTest {
 protected:
  void SetUp() override {
    listen_as(1);
    write_config(config_with({backend("a", 1), backend("b", 2)}));
    start();
  }
  [[nodiscard]] std::uint64_t generation() const { return get("/v1/status")["generation"].get<std::uint64_t>(); }
  [[nodiscard]] HttpAnswer post(const std::string& target, const json& body) const {
    return ask(api_, "POST", target, body.dump());
  }
  [[nodiscard]] HttpAnswer weigh(int weight, std::uint64_t based_on, bool is_dry_run = false) const {
    return post("/v1/edits",
                {{"edits", {{{"op", "backend.weight"}, {"pool", "web"}, {"name", "a"}, {"weight", weight}}}},
                 {"if_generation", based_on},
                 {"dry_run", is_dry_run}});
  }
};

TEST_F(GenerationTest, AChangeThatIsBasedOnWhatRunsIsMade) {
  const HttpAnswer first = weigh(2, generation());
  ASSERT_EQ(first.status, 200) << first.text;
  // What an answer says is what the next change may be based on.
  const HttpAnswer second = weigh(3, first.body["generation"]);
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_EQ(backend_of("a")["weight"], 3);
}

TEST_F(GenerationTest, AChangeThatIsBasedOnThePastIsRefusedWithWhoAndWhat) {
  const std::uint64_t looked_at = generation();
  ASSERT_EQ(set_state("b", "draining").status, 200);
  const std::uint64_t now = generation();
  EXPECT_GT(now, looked_at);
  const json rollback{{"id", 1}, {"if_generation", looked_at}};
  const json apply{{"path", config_}, {"if_generation", looked_at}};
  for (const HttpAnswer& refused : {weigh(7, looked_at), weigh(7, looked_at, true),
                                    post("/v1/config/rollback", rollback), post("/v1/config/apply", apply)}) {
    EXPECT_EQ(refused.status, 409) << refused.text;
    const auto sentence = refused.body["error"].get<std::string>();
    const json last = get("/v1/config/history")["history"].back();
    const std::string who = last["who"].value("name", "").empty() ? "uid " + last["who"]["uid"].dump()
                                                                  : last["who"]["name"].get<std::string>();
    EXPECT_EQ(sentence, "since generation " + std::to_string(looked_at) + " " + who +
                            " has changed what runs (backend.state web/b draining, change 2), and it is generation " +
                            std::to_string(now) + " now; look again before you repeat it, nothing was changed");
    EXPECT_EQ(refused.body["generation"], now);
    EXPECT_EQ(refused.body["change"], 2);
  }
  EXPECT_EQ(backend_of("a")["weight"], 1);
  EXPECT_EQ(weigh(7, now).status, 200) << "after another look";
}

TEST_F(GenerationTest, SnapshotsThatChangeNoIntentRefuseNobody) {
  const std::uint64_t looked_at = generation();
  FakeDatapath datapath;
  const TestDoor door(door_, datapath);
  ASSERT_TRUE(eventually([&] { return generation() > looked_at; })) << "a datapath came, and was given a snapshot";
  EXPECT_EQ(weigh(2, looked_at).status, 200);
  const std::uint64_t later = generation();
  EXPECT_EQ(weigh(3, looked_at).status, 409);
  EXPECT_EQ(weigh(3, later).status, 200);
}

TEST_F(GenerationTest, ARestartIsNoChange) {
  const HttpAnswer edited = weigh(2, generation());
  ASSERT_EQ(edited.status, 200);
  const std::uint64_t before = edited.body["generation"];
  kill(SIGKILL);
  start();
  EXPECT_EQ(weigh(3, before - 1).status, 409) << "what was true before is true after it";
  EXPECT_EQ(weigh(3, before).status, 200);
}

TEST_F(GenerationTest, AGenerationToComeIsRefused) {
  const HttpAnswer refused = weigh(2, generation() + 10);
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.text.find("is not there yet"), std::string::npos) << refused.text;
  EXPECT_EQ(weigh(2, 0).status, 409);
}

}  // namespace
}  // namespace guideway
