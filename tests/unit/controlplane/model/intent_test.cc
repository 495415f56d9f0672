// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent.hh"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/model/sample_config.hh"

namespace guideway {
namespace {

Intent intent_with(const std::vector<Edit>& edits) {
  Intent intent;
  intent.config_file = "/etc/guideway/guideway.toml";
  intent.file_config = sample_config();
  intent.applied_config = intent.file_config;
  auto running = apply_edits(intent.file_config, edits);
  EXPECT_TRUE(running) << running.error().message;
  intent.running = running.value_or(Config{});
  record(intent.edits, edits, intent.applied_config);
  intent.ledger = {{"", std::make_shared<const std::string>("ledger")}};
  intent.generation = 42;
  return intent;
}

const std::vector<Edit> some_edits{BackendState{"web", "a", Administrative::draining}, BackendWeight{"web", "b", 3},
                                   BackendAdd{"web", R"({"address":"10.0.0.9","name":"x"})"},
                                   BackendState{"web", "x", Administrative::disabled}};

nlohmann::json json_of(const Intent& intent) {
  ConfigTexts texts;
  return nlohmann::json::parse(json_text(intent, 0, texts));
}

TEST(Intent, SurvivesAsJson) {
  const Intent intent = intent_with(some_edits);
  auto back = intent_from_json(json_of(intent));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(back->config_file, intent.config_file);
  EXPECT_EQ(back->file_config, intent.file_config);
  EXPECT_EQ(back->applied_config, intent.applied_config);
  EXPECT_EQ(back->running, intent.running);
  EXPECT_EQ(back->edits, intent.edits);
  EXPECT_EQ(*back->ledger.at(""), "ledger");
  EXPECT_EQ(back->generation, 42U);
}

TEST(Intent, RefusesJsonThatIsNotOne) {
  const auto good = json_of(intent_with(some_edits));
  for (const char* key : {"format", "config_file", "file_config", "running", "edits", "ledger", "generation"}) {
    nlohmann::json missing = good;
    missing.erase(key);
    EXPECT_FALSE(intent_from_json(missing)) << key;
    nlohmann::json wrong = good;
    wrong[key] = nullptr;
    EXPECT_FALSE(intent_from_json(wrong)) << key;
  }
  EXPECT_FALSE(intent_from_json(nlohmann::json::array()));
}

TEST(StartFrom, WithoutAPastTheFileRuns) {
  std::vector<Edit> dropped;
  const Intent intent = start_from(std::nullopt, "f.toml", sample_config(), dropped);
  EXPECT_EQ(intent.running, sample_config());
  EXPECT_EQ(intent.generation, 0U);
  EXPECT_TRUE(intent.edits.empty());
  EXPECT_TRUE(dropped.empty());
}

TEST(StartFrom, AnUnchangedFileLetsEditsGoOn) {
  const Intent before = intent_with(some_edits);
  std::vector<Edit> dropped;
  const Intent intent = start_from(before, before.config_file, sample_config(), dropped);
  EXPECT_EQ(intent.running, before.running);
  EXPECT_EQ(intent.edits, before.edits);
  EXPECT_EQ(*intent.ledger.at(""), "ledger");
  EXPECT_TRUE(dropped.empty());
}

TEST(StartFrom, AChangedFileWinsButAdministrativeStatesStay) {
  const Intent before = intent_with(some_edits);
  Config changed = sample_config();
  changed.pools[0].slow_start_ms = 1000;
  std::vector<Edit> dropped;
  const Intent intent = start_from(before, before.config_file, changed, dropped);
  EXPECT_EQ(backend_named(intent.running, "web", "a")->administrative, Administrative::draining);
  EXPECT_EQ(backend_named(intent.running, "web", "b")->weight, 1U);
  EXPECT_EQ(backend_named(intent.running, "web", "x"), nullptr);
  EXPECT_EQ(intent.edits, (std::vector<Edit>{some_edits[0]}));
  EXPECT_EQ(dropped, (std::vector<Edit>{some_edits[1], some_edits[2], some_edits[3]}));
  EXPECT_EQ(*intent.ledger.at(""), "ledger") << "indexes go on";
  EXPECT_EQ(intent.generation, 42U);
}

TEST(StartFrom, AFileAppliedFromElsewhereOutlivesARestart) {
  Intent before = intent_with({});
  before.applied_config.pools[0].slow_start_ms = 77;
  before.running = before.applied_config;
  auto saved = intent_from_json(json_of(before));
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->applied_config, before.applied_config);
  std::vector<Edit> dropped;
  const Intent intent = start_from(*saved, before.config_file, sample_config(), dropped);
  EXPECT_EQ(intent.running, before.running);
}

TEST(Reconcile, AnAppliedFileReplacesEditsEvenIfItHasNotChanged) {
  const Intent before = intent_with(some_edits);
  const Reconciled result = reconcile(before, sample_config());
  EXPECT_EQ(backend_named(result.running, "web", "b")->weight, 1U);
  EXPECT_EQ(backend_named(result.running, "web", "a")->administrative, Administrative::draining);
  EXPECT_EQ(result.dropped.size(), 3U);
}

TEST(Record, KeepsOnlyTheLastWordAboutEachThing) {
  std::vector<Edit> edits;
  for (std::uint32_t weight = 1; weight <= 1000; ++weight) {
    record(edits, {BackendWeight{"web", "a", weight}}, sample_config());
  }
  EXPECT_EQ(edits, (std::vector<Edit>{BackendWeight{"web", "a", 1000}}));
  record(edits, {BackendState{"web", "a", Administrative::draining}}, sample_config());
  EXPECT_EQ(edits.size(), 2U);
  record(edits, {BackendRemove{"web", "a", false}}, sample_config());
  EXPECT_EQ(edits, (std::vector<Edit>{BackendRemove{"web", "a", false}}));
}

TEST(Record, WhatCameAndWentAgainLeavesNothing) {
  std::vector<Edit> edits;
  record(edits,
         {BackendAdd{"web", R"({"name":"x","address":"10.0.0.9"})"}, BackendWeight{"web", "x", 5},
          BackendRemove{"web", "x", true}, BackendAdd{"web", R"("10.0.0.8:8080")"},
          BackendRemove{"web", "10.0.0.8", true}},
         sample_config());
  EXPECT_TRUE(edits.empty());
  record(edits,
         {ServiceAdd{R"({"name":"s","address":"192.0.2.9","port":1,"backends":["10.0.0.9"]})"},
          BackendWeight{"s", "10.0.0.9", 2}, ServiceRemove{"s", true}},
         sample_config());
  EXPECT_TRUE(edits.empty());
}

TEST(Record, EditsOfOtherKeysLeaveEachOtherAlone) {
  std::vector<Edit> edits;
  const Edit check = ServiceEdit{"web", R"({"check":"tcp"})"};
  const Edit timeout = ServiceEdit{"web", R"({"idle_timeout":"5m"})"};
  const Edit other = ServiceEdit{"web", R"({"idle_timeout":"6m"})"};
  record(edits, {check, timeout, other}, sample_config());
  EXPECT_EQ(edits, (std::vector<Edit>{check, other}));
  record(edits, {ServiceRemove{"web", true}}, sample_config());
  EXPECT_EQ(edits, (std::vector<Edit>{ServiceRemove{"web", true}}));
}

}  // namespace
}  // namespace guideway
