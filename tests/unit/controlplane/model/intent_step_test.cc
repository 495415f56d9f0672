// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent_step.hh"

#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/unit/controlplane/model/sample_config.hh"

namespace guideway {
namespace {

std::shared_ptr<const std::string> text(const std::string& value) { return std::make_shared<const std::string>(value); }

Intent sample() {
  Intent intent;
  intent.config_file = "/etc/guideway/guideway.toml";
  intent.file_config = intent.applied_config = intent.running = sample_config();
  intent.ledger = {{"", text("numbers")}, {"shared", text("s")}, {"web", text("w")}};
  return intent;
}

void expect_round_trip(const Intent& from, const Intent& to) {
  ASSERT_TRUE(is_step(from, to));
  Intent taken = from;
  const auto done = take_step(taken, nlohmann::json::parse(step_json(from, to).dump()));
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(taken.running, to.running);
  EXPECT_EQ(taken.edits, to.edits);
  EXPECT_EQ(taken.change, to.change);
  EXPECT_EQ(taken.generation, to.generation);
  ASSERT_EQ(taken.ledger.size(), to.ledger.size());
  to.ledger.for_each(
      [&](const std::string& pool, const LedgerTexts::Text& text) { EXPECT_EQ(*taken.ledger.at(pool), *text); });
}

TEST(IntentStep, LeadsFromOneIntentToTheNext) {
  const Intent from = sample();
  Intent to = from;
  expect_round_trip(from, to);
  to.change = 4;
  to.generation = 1000;
  to.running.pools[0].backends[0].weight = 9;
  to.ledger = {{"", text("numbers")}, {"other", text("o")}, {"web", text("moved")}};
  expect_round_trip(from, to);
  expect_round_trip(to, from);
  ConfigTexts texts;
  EXPECT_LT(step_json(from, to).dump().size(), json_text(to, 0, texts).size() / 2);
  EXPECT_FALSE(step_json(from, to)["ledger"].contains("")) << "it is the same";
}

TEST(IntentStep, EditsLeaveAnywhereAndJoinAtTheEnd) {
  std::mt19937 random(7);
  const auto edit = [](unsigned number) { return Edit(BackendWeight{"web", "a", number}); };
  for (int round = 0; round < 200; ++round) {
    Intent from = sample();
    const auto draw = [&random](unsigned below) { return static_cast<unsigned>(random() % below); };
    for (unsigned i = 0; i < 6; ++i) from.edits.push_back(edit(draw(4)));
    Intent to = from;
    to.edits.clear();
    for (const Edit& each : from.edits) {
      if (draw(2) == 0) to.edits.push_back(each);
    }
    for (unsigned i = draw(3); i > 0; --i) to.edits.push_back(edit(draw(4)));
    expect_round_trip(from, to);
  }
}

TEST(IntentStep, AnAppliedFileIsNoStep) {
  const Intent from = sample();
  Intent to = from;
  to.applied_config.pools[0].backends[0].weight = 9;
  EXPECT_FALSE(is_step(from, to));
  to = from;
  to.config_file = "/etc/other.toml";
  EXPECT_FALSE(is_step(from, to));
}

TEST(IntentStep, WhatIsNoStepIsRefused) {
  for (const char* json : {"null", "[]", "{}", R"({"change": 1, "generation": "x"})", R"({"change": 1, "running": {}})",
                           R"({"change": 1, "generation": 1, "edits": {"left": [7], "joined": []}})"}) {
    Intent intent = sample();
    EXPECT_FALSE(take_step(intent, nlohmann::json::parse(json))) << json;
  }
}

}  // namespace
}  // namespace guideway
