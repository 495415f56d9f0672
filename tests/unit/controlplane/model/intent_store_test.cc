// SPDX-License-Identifier: Apache-2.0
#include "controlplane/model/intent_store.hh"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "tests/unit/controlplane/model/sample_config.hh"

namespace guideway {
namespace {

class IntentStoreTest : public ::testing::Test {
 protected:
  IntentStoreTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-store-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~IntentStoreTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] IntentStore store() const {
    auto opened = IntentStore::open(directory_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  [[nodiscard]] static Intent intent(std::uint64_t generation) {
    Intent result;
    result.config_file = "/etc/guideway/guideway.toml";
    result.file_config = sample_config();
    result.applied_config = result.file_config;
    result.running = result.file_config;
    result.ledger = {{"", std::make_shared<const std::string>(std::string(20'000, 'x'))}};
    result.generation = generation;
    return result;
  }
  std::string directory_;
  ConfigTexts texts;
};

TEST_F(IntentStoreTest, AnEmptyDirectoryHasNoIntentAndNothingToSay) {
  const auto loaded = store().load();
  EXPECT_FALSE(loaded.intent.has_value());
  EXPECT_EQ(loaded.warning, "");
}

TEST_F(IntentStoreTest, LoadsWhatWasSaved) {
  ASSERT_TRUE(store().save(intent(7), texts));
  ASSERT_TRUE(store().save(intent(8), texts));
  const auto loaded = store().load();
  ASSERT_TRUE(loaded.intent.has_value()) << loaded.warning;
  EXPECT_EQ(loaded.intent->generation, 8U);
  EXPECT_EQ(loaded.intent->running, sample_config());
}

TEST_F(IntentStoreTest, MakesItsDirectory) {
  auto opened = IntentStore::open(directory_ + "/a/b");
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_TRUE(opened->save(intent(1), texts));
}

TEST_F(IntentStoreTest, OneAtATime) {
  const IntentStore first = store();
  auto second = IntentStore::open(directory_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another guidewayd"), std::string::npos);
}

TEST_F(IntentStoreTest, ADamagedFileIsKeptAsideAndSaidOnce) {
  ASSERT_TRUE(store().save(intent(7), texts));
  std::filesystem::resize_file(directory_ + "/intent.json", 1000);
  const auto loaded = store().load();
  EXPECT_FALSE(loaded.intent.has_value());
  EXPECT_NE(loaded.warning.find("damaged"), std::string::npos) << loaded.warning;
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/intent.json.damaged"));
  EXPECT_EQ(store().load().warning, "");
}

TEST_F(IntentStoreTest, JsonThatIsNoIntentIsDamageToo) {
  std::ofstream(directory_ + "/intent.json") << "{\"format\": 99}";
  const auto loaded = store().load();
  EXPECT_FALSE(loaded.intent.has_value());
  EXPECT_NE(loaded.warning.find("damaged"), std::string::npos) << loaded.warning;
}

TEST_F(IntentStoreTest, AHalfWrittenNewFileIsNotBelieved) {
  ASSERT_TRUE(store().save(intent(7), texts));
  std::ofstream(directory_ + "/intent.json.new") << "{\"format\"";
  const auto loaded = store().load();
  ASSERT_TRUE(loaded.intent.has_value()) << loaded.warning;
  EXPECT_EQ(loaded.intent->generation, 7U);
  EXPECT_TRUE(store().save(intent(8), texts));
}

TEST_F(IntentStoreTest, SavingWhereNothingCanBeWrittenIsAnError) {
  IntentStore opened = store();
  std::filesystem::create_directory(directory_ + "/intent.json.new");
  auto saved = opened.save(intent(1), texts);
  ASSERT_FALSE(saved);
  EXPECT_NE(saved.error().message.find("intent.json.new"), std::string::npos) << saved.error().message;
}

TEST_F(IntentStoreTest, AChangeIsAppendedAndFoundAgain) {
  IntentStore opened = store();
  Intent next = intent(7);
  ASSERT_TRUE(opened.save(next, texts));
  const auto whole_bytes = std::filesystem::file_size(directory_ + "/intent.json");
  const auto written = std::filesystem::last_write_time(directory_ + "/intent.json");
  for (std::uint32_t i = 0; i < 5; ++i) {
    next.generation = 8 + i;
    next.running.pools[0].backends[0].weight = 20 + i;
    ASSERT_TRUE(opened.save(next, texts));
  }
  EXPECT_EQ(std::filesystem::last_write_time(directory_ + "/intent.json"), written);
  EXPECT_LT(std::filesystem::file_size(directory_ + "/intent-1.log"), whole_bytes) << "steps are small";
  const auto loaded = opened.load();
  ASSERT_TRUE(loaded.intent.has_value()) << loaded.warning;
  EXPECT_EQ(loaded.intent->generation, 12U);
  EXPECT_EQ(loaded.intent->running, next.running);
  next.config_file = "/etc/other.toml";
  ASSERT_TRUE(opened.save(next, texts));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/intent-1.log")) << "the whole needs no steps";
  EXPECT_EQ(opened.load().intent->config_file, next.config_file);
}

TEST_F(IntentStoreTest, ALogOfAnotherSaveIsNotTaken) {
  IntentStore opened = store();
  ASSERT_TRUE(opened.save(intent(7), texts));
  ASSERT_TRUE(opened.save(intent(8), texts));
  // Killed after the new whole was there and before the old log was gone, or the other way round.
  for (const char* stray : {"/intent-0.log", "/intent-2.log"})
    std::filesystem::copy(directory_ + "/intent-1.log", directory_ + stray);
  EXPECT_EQ(opened.load().intent->generation, 8U);
  std::filesystem::remove(directory_ + "/intent-1.log");
  EXPECT_EQ(opened.load().intent->generation, 7U);
}

TEST_F(IntentStoreTest, TheLogDoesNotGrowForEver) {
  IntentStore opened = store();
  Intent next = intent(1);
  for (; next.generation < 1100; ++next.generation) ASSERT_TRUE(opened.save(next, texts));
  EXPECT_EQ(opened.load().intent->generation, 1099U);
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/intent-2.log"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/intent-1.log"));
}

TEST_F(IntentStoreTest, WhatAFormerReleaseSavedIsRead) {
  auto saved = nlohmann::json::parse(json_text(intent(7), 0, texts));
  saved.erase("log");
  saved["format"] = 1;
  saved["running"] = saved["file_config"];
  saved["ledger"] = "one text";
  std::ofstream(directory_ + "/intent.json") << saved.dump();
  const auto loaded = store().load();
  ASSERT_TRUE(loaded.intent.has_value()) << loaded.warning;
  EXPECT_EQ(*loaded.intent->ledger.at(""), "one text");
  EXPECT_EQ(loaded.intent->running, sample_config());
}

// Saves ever newer intents, and says each number once it is safe, until it is killed.
// What it read it goes on from, so some saves are steps and some are whole.
[[noreturn]] void save_for_ever(IntentStore& store, Intent intent, int acknowledge_fd) {
  for (;;) {
    ConfigTexts texts;
    ++intent.generation;
    if (intent.generation % 16 == 0) intent.config_file += "x";
    intent.running.pools[0].backends[0].weight = static_cast<std::uint32_t>(intent.generation % 60'000);
    if (!store.save(intent, texts)) ::_exit(1);
    const std::uint64_t safe = intent.generation;
    if (::write(acknowledge_fd, &safe, sizeof safe) != sizeof safe) ::_exit(1);
  }
}

TEST_F(IntentStoreTest, NothingAcknowledgedIsLostWhenKilledAtAnyMoment) {
  std::mt19937 random(20260101);
  std::uniform_int_distribution<int> wait_us(0, 30'000);
  std::uint64_t acknowledged = 0;
  Intent newest = intent(0);
  // Where a save takes longer than that, more time.
  for (int round = 0; round < 40 || (acknowledged == 0 && round < 120); ++round) {
    std::array<int, 2> pipe{};
    ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto opened = IntentStore::open(directory_);
      if (!opened) ::_exit(1);
      static_cast<void>(opened->load());
      save_for_ever(*opened, newest, pipe[1]);
    }
    ::close(pipe[1]);
    ::usleep(static_cast<useconds_t>(wait_us(random) * (1 + round / 40 * 10)));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child failed on its own";
    std::uint64_t safe = 0;
    while (::read(pipe[0], &safe, sizeof safe) == sizeof safe) acknowledged = safe;
    ::close(pipe[0]);
    const auto loaded = store().load();
    ASSERT_EQ(loaded.warning, "") << "round " << round;
    ASSERT_TRUE(loaded.intent.has_value() || acknowledged == 0);
    if (!loaded.intent) continue;
    EXPECT_GE(loaded.intent->generation, acknowledged) << "round " << round;
    EXPECT_LE(loaded.intent->generation, std::max(acknowledged, newest.generation) + 1) << "round " << round;
    newest = *loaded.intent;
    if (newest.generation == 0) continue;
    EXPECT_EQ(std::as_const(newest.running).pools[0].backends[0].weight, newest.generation % 60'000)
        << "every part is of the same save";
  }
  EXPECT_GT(acknowledged, 0U) << "no save was ever finished, so nothing was tested";
}

}  // namespace
}  // namespace guideway
