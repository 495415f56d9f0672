// SPDX-License-Identifier: Apache-2.0
#include "dataplane/worker/flow_mailbox.hh"

#include <gtest/gtest.h>

#include <thread>

namespace guideway {
namespace {

TEST(FlowMailbox, NobodyAnswersWhereNobodyLooks) {
  FlowMailbox mailbox;
  FlowQuestion question;
  EXPECT_FALSE(mailbox.ask(question, std::chrono::milliseconds(5)));
  EXPECT_EQ(mailbox.look(), nullptr);  // it was taken back: the question is gone from the asker's stack
}

TEST(FlowMailbox, AnswersReachTheAsker) {
  FlowMailbox mailbox;
  std::atomic<bool> stop{false};
  std::thread worker([&] {
    while (!stop) {
      FlowQuestion* question = mailbox.look();
      if (question == nullptr) continue;
      std::optional<RememberedFlow> found;
      if (question->hash % 2 == 0)
        found = RememberedFlow{static_cast<std::uint32_t>(question->hash), GW_FLOW_ESTABLISHED, 7};
      FlowMailbox::answer(*question, found);
    }
  });
  for (std::uint64_t hash = 0; hash < 200; ++hash) {
    FlowQuestion question;
    question.hash = hash;
    // Short patience now and then, so that some questions are taken back while the worker looks.
    if (!mailbox.ask(question, std::chrono::milliseconds(hash % 3 == 0 ? 0 : 10000))) continue;
    ASSERT_EQ(question.answer.has_value(), hash % 2 == 0);
    if (question.answer) {
      EXPECT_EQ(question.answer->backend, hash);
    }
  }
  stop = true;
  worker.join();
}

}  // namespace
}  // namespace guideway
