// SPDX-License-Identifier: Apache-2.0
#include "controlplane/config/shared_list.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

TEST(SharedList, CopiesShareUntilOneIsChanged) {
  SharedList<int> first{1, 2, 3};
  const SharedList<int> second = first;
  EXPECT_TRUE(first.shares_with(second));
  EXPECT_EQ(&std::as_const(first)[0], &second[0]);
  first[1] = 7;
  EXPECT_FALSE(first.shares_with(second));
  EXPECT_EQ(second[1], 2) << "the copy keeps what it had";
  EXPECT_EQ(std::as_const(first)[1], 7);
  first[1] = 2;
  EXPECT_EQ(first, second) << "equal, though not the same";
}

TEST(SharedList, ReadingThroughConstSharesOn) {
  SharedList<int> first{1, 2};
  const SharedList<int> second = first;
  int sum = 0;
  for (const int each : std::as_const(first)) sum += each;
  EXPECT_EQ(sum + std::as_const(first).front() + std::as_const(first).back(), 6);
  EXPECT_TRUE(first.shares_with(second));
}

TEST(SharedList, EveryChangeIsOfOneCopyOnly) {
  const SharedList<int> kept{3, 1, 2};
  const auto changed = [&](auto change) {
    SharedList<int> copy = kept;
    change(copy);
    EXPECT_EQ(kept.values(), (std::vector<int>{3, 1, 2}));
    return copy.values();
  };
  EXPECT_EQ(changed([](auto& list) { list.push_back(9); }), (std::vector<int>{3, 1, 2, 9}));
  EXPECT_EQ(changed([](auto& list) { list.pop_back(); }), (std::vector<int>{3, 1}));
  EXPECT_EQ(changed([](auto& list) { list.erase(list.begin()); }), (std::vector<int>{1, 2}));
  EXPECT_EQ(changed([](auto& list) { list.insert(list.begin(), 5); }), (std::vector<int>{5, 3, 1, 2}));
  EXPECT_EQ(changed([](auto& list) { list.clear(); }), std::vector<int>{});
  EXPECT_EQ(changed([](auto& list) { sort_shared(list, std::less<>()); }), (std::vector<int>{1, 2, 3}));
}

TEST(SharedList, SortingWhatIsSortedSharesOn) {
  SharedList<int> first{1, 2, 3};
  const SharedList<int> second = first;
  sort_shared(first, std::less<>());
  EXPECT_TRUE(first.shares_with(second));
}

TEST(SharedList, EmptyOnesAreEqualHoweverTheyCameToBe) {
  SharedList<int> emptied{1};
  emptied.pop_back();
  EXPECT_EQ(emptied, SharedList<int>());
  EXPECT_TRUE(SharedList<int>(std::vector<int>{}).empty());
  EXPECT_EQ(SharedList<int>().begin(), SharedList<int>().end());
}

}  // namespace
}  // namespace guideway
