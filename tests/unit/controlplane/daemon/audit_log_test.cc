// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/audit_log.hh"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace guideway {
namespace {

class AuditLogTest : public ::testing::Test {
 protected:
  AuditLogTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-audit-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
  }
  ~AuditLogTest() override { std::filesystem::remove_all(directory_); }

  AuditLog open(const AuditLog::Bounds& bounds = {}) {
    auto log = AuditLog::open(directory_, bounds);
    EXPECT_TRUE(log);
    return std::move(*log);
  }
  std::vector<nlohmann::json> lines(const std::string& name = "audit.log") {
    std::ifstream stream(directory_ + "/" + name);
    std::vector<nlohmann::json> result;
    for (std::string line; std::getline(stream, line);) result.push_back(nlohmann::json::parse(line, nullptr, false));
    return result;
  }

  std::string directory_;
};

TEST_F(AuditLogTest, AppendsOverRestarts) {
  for (int i = 0; i < 3; ++i) {
    AuditLog log = open();
    ASSERT_TRUE(log.write({{"change", i}}));
  }
  const auto all = lines();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2]["change"], 2);
}

TEST_F(AuditLogTest, IsBoundedAndLosesTheOldestFirst) {
  AuditLog log = open({1000, 2});
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(log.write({{"change", i}}));
  EXPECT_EQ(lines().back()["change"], 199);
  const auto before = lines("audit.log.1");
  ASSERT_FALSE(before.empty());
  EXPECT_EQ(before.back()["change"].get<int>() + 1, lines().front()["change"]);
  EXPECT_TRUE(std::filesystem::exists(directory_ + "/audit.log.2"));
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/audit.log.3"));
  for (const auto& file : std::filesystem::directory_iterator(directory_)) EXPECT_LE(file.file_size(), 1000U);
}

TEST_F(AuditLogTest, ALineCutByAPowerFailureSpoilsOnlyItself) {
  std::ofstream(directory_ + "/audit.log") << "{\"change\":1}\n{\"chan";
  AuditLog log = open();
  ASSERT_TRUE(log.write({{"change", 2}}));
  const auto all = lines();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[2]["change"], 2);
}

TEST_F(AuditLogTest, AFullDiskLeavesNoHalfLine) {
  AuditLog log = open();
  ASSERT_TRUE(log.write({{"change", 1}}));
  const auto size = std::filesystem::file_size(log.file());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit full{size + 5, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &full);
  const auto refused = log.write({{"change", 2}});
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("audit.log cannot be written"), std::string::npos) << refused.error().message;
  ASSERT_TRUE(log.write({{"change", 3}}));
  const auto all = lines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1]["change"], 3);
}

TEST_F(AuditLogTest, AMissingDirectoryIsASentence) {
  auto log = AuditLog::open(directory_ + "/no");
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message.find("/no/audit.log"), std::string::npos);
}

}  // namespace
}  // namespace guideway
