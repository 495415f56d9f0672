// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/drain_progress.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

using nlohmann::json;

json backend(const std::string& pool, const std::string& name, const std::string& state, unsigned remembered = 0,
             const json& quiet_ms = nullptr, const json& ends_in_ms = nullptr) {
  json one{{"pool", pool},   {"name", name},     {"address", "10.0.0." + name},
           {"state", state}, {"reason", "none"}, {"remembered", remembered}};
  if (state == "draining") one["drain"] = {{"quiet_ms", quiet_ms}, {"ends_in_ms", ends_in_ms}, {"then", "disabled"}};
  return one;
}
json list(const std::vector<json>& backends) { return {{"backends", backends}}; }

DrainProgress of(const json& one) { return drain_progress(list({one}), {"web/1"}, 30'000); }

TEST(DrainProgress, IsOverWhenNothingIsRememberedAndAllIsQuiet) {
  EXPECT_EQ(of(backend("web", "1", "draining", 0, 30'000)).drained, 1u);
  EXPECT_EQ(of(backend("web", "1", "draining", 0, 29'999)).under_way, 1u);
  EXPECT_EQ(of(backend("web", "1", "draining", 1, 99'000)).under_way, 1u);
  EXPECT_EQ(of(backend("web", "1", "draining", 0, nullptr)).under_way, 1u) << "without a datapath nobody knows";
  EXPECT_EQ(drain_progress(list({}), {"web/1"}, 30'000).drained, 1u) << "who is gone has nothing left";
}

TEST(DrainProgress, IsInterruptedByWhateverElseItBecomes) {
  for (const char* state : {"up", "down", "absent"}) EXPECT_EQ(of(backend("web", "1", state)).interrupted, 1u) << state;
}

TEST(DrainProgress, SaysWhatIsLeft) {
  EXPECT_EQ(of(backend("web", "1", "draining", 12, 3400, 61'000)).text,
            "web/1: 12 remembered flows, quiet for 3 s, disabled in 61 s\n");
  EXPECT_EQ(of(backend("web", "1", "draining", 1, 0)).text, "web/1: 1 remembered flow, quiet for 0 s\n");
  EXPECT_EQ(of(backend("web", "1", "draining")).text, "web/1: 0 remembered flows, no datapath tells of its packets\n");
  EXPECT_EQ(of(backend("web", "1", "down")).text, "web/1: is down (none)\n");
}

TEST(DrainProgress, WaitsForWhomTheWordWasAbout) {
  const json all = list({backend("web", "1", "draining"), backend("web", "2", "up"), backend("mail", "1", "draining")});
  EXPECT_EQ(draining_names(all, {"web", "1", ""}), (std::vector<std::string>{"web/1"}));
  EXPECT_EQ(draining_names(all, {"web", "", ""}), (std::vector<std::string>{"web/1"}));
  EXPECT_EQ(draining_names(all, {"", "", "10.0.0.1"}), (std::vector<std::string>{"web/1", "mail/1"}));
}

}  // namespace
}  // namespace guideway
