// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/agent_answer.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

AgentAnswer parsed(std::string_view line) {
  const auto answer = parse_agent_answer(line);
  EXPECT_TRUE(answer.has_value()) << line << ": " << (answer ? "" : answer.error().message);
  return answer.value_or(AgentAnswer{});
}

std::string refused(std::string_view line) {
  const auto answer = parse_agent_answer(line);
  EXPECT_FALSE(answer.has_value()) << line;
  return answer ? "" : answer.error().message;
}

TEST(AgentAnswer, HaproxysWords) {
  EXPECT_EQ(parsed("75%").weight_percent, 75u);
  EXPECT_EQ(parsed("0%").weight_percent, 0u);
  EXPECT_EQ(parsed("200%").weight_percent, 100u) << "more than configured would overload it";
  EXPECT_EQ(parsed("up").operational, AgentOperational::up);
  EXPECT_EQ(parsed("down").operational, AgentOperational::down);
  EXPECT_EQ(parsed("fail").operational, AgentOperational::fail);
  EXPECT_EQ(parsed("stopped").operational, AgentOperational::stopped);
  EXPECT_EQ(parsed("ready").administrative, AgentAdministrative::ready);
  EXPECT_EQ(parsed("drain").administrative, AgentAdministrative::drain);
  EXPECT_EQ(parsed("maint").administrative, AgentAdministrative::maint);
  EXPECT_EQ(parsed("maxconn:30 up").operational, AgentOperational::up);
}

TEST(AgentAnswer, WhatIsNotSaidDoesNotChange) {
  EXPECT_EQ(parsed("up"), (AgentAnswer{std::nullopt, AgentOperational::up, std::nullopt, ""}));
  EXPECT_EQ(parsed("maxconn:1"), AgentAnswer{});
}

TEST(AgentAnswer, SeveralWordsAndAReason) {
  const AgentAnswer all{50, AgentOperational::down, AgentAdministrative::drain, "disk full, #2"};
  EXPECT_EQ(parsed("  50%,drain\tdown # disk full, #2  "), all);
  EXPECT_EQ(parsed("down#why").reason, "why");
  EXPECT_EQ(parsed("down #a\x01"
                   "b")
                .reason,
            "a.b");
  EXPECT_EQ(parsed("down #" + std::string(1000, 'x')).reason.size(), 200u);
  EXPECT_EQ(parsed("up up").operational, AgentOperational::up);
  EXPECT_EQ(text_of(all), "50% down drain #disk full, #2");
}

TEST(AgentAnswer, ChangesOnlyWhatItSays) {
  const auto after = [](std::string_view line, const AgentReport& before = {}) {
    return applied(parsed(line), before);
  };
  const AgentReport half{AgentWord::ready, 50, ""};
  const AgentReport maint{AgentWord::maint, 50, ""};
  const AgentReport down{AgentWord::down, 50, ""};
  EXPECT_EQ(after("50%"), half);
  EXPECT_EQ(after("down #disk full", half), (AgentReport{AgentWord::down, 50, "disk full"}));
  for (const char* word : {"fail", "stopped", "down drain"}) EXPECT_EQ(after(word, half), down) << word;
  EXPECT_EQ(after("up", down), half);
  EXPECT_EQ(after("ready", down), down);
  EXPECT_EQ(after("down maint", half), maint);
  EXPECT_EQ(after("up", maint), maint);
  EXPECT_EQ(after("ready", maint), half);
  EXPECT_EQ(after("drain", half).word, AgentWord::drain);
  EXPECT_EQ(after("maxconn:3", maint), maint);
}

TEST(AgentAnswer, NonsenseIsRefusedAsAWhole) {
  EXPECT_EQ(refused(""), "the agent said nothing");
  EXPECT_EQ(refused(" ,, #only a reason"), "the agent said nothing");
  EXPECT_EQ(refused("up running"), "the agent said \"running\", which is none of its words");
  EXPECT_EQ(refused("-1%"), "the agent said \"-1%\", which is none of its words");
  EXPECT_EQ(refused("%"), "the agent said \"%\", which is none of its words");
  EXPECT_EQ(refused("99999999999%"), "the agent said \"99999999999%\", which is none of its words");
  EXPECT_EQ(refused("UP"), "the agent said \"UP\", which is none of its words");
  EXPECT_EQ(refused("maxconn:"), "the agent said \"maxconn:\", which is none of its words");
  EXPECT_EQ(refused("up down"), "the agent contradicts itself: \"up down\"");
  EXPECT_EQ(refused("1% 2%"), "the agent contradicts itself: \"1% 2%\"");
}

}  // namespace
}  // namespace guideway
