// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/shared_value.hh"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace guideway {
namespace {

struct Word {
  std::string text = "initial";
  friend bool operator==(const Word&, const Word&) = default;
};

TEST(SharedValue, CopiesShareUntilOneIsChanged) {
  SharedValue<Word> first(Word{"a"});
  const SharedValue<Word> second = first;
  EXPECT_EQ(&*first, &*second);
  first.own().text = "b";
  EXPECT_EQ(first->text, "b");
  EXPECT_EQ(second->text, "a") << "the copy keeps what it had";
  EXPECT_FALSE(first == second);
  const Word* const own = &*first;
  first.own().text = "a";
  EXPECT_EQ(&*first, own) << "nobody shares it, so it is changed in its place";
  EXPECT_EQ(first, second) << "equal, though not the same";
}

TEST(SharedValue, BeginsAsItsTypeDoes) {
  SharedValue<Word> nothing;
  EXPECT_EQ(nothing->text, "initial");
  EXPECT_EQ(nothing, SharedValue<Word>(Word{}));
  nothing.own().text = "x";
  EXPECT_EQ(SharedValue<Word>()->text, "initial") << "of this one only";
  const SharedValue<Word> taken = std::exchange(nothing, {});
  EXPECT_EQ(taken->text, "x");
  EXPECT_EQ(nothing->text, "initial");
}

}  // namespace
}  // namespace guideway
