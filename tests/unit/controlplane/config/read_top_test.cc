// SPDX-License-Identifier: Apache-2.0
// Where tunnelled packets come from, what the datapath answers by itself, and who may use the API.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

class WrongAnswers : public WrongFileTest {};

TEST_P(WrongAnswers, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongAnswers,
    testing::Values(
        WrongFile{"wide IPv6 tunnel source", "tunnel_source = \"fd00::/63\"\n", 2, "tunnel_source",
                  "fd00::/63 is too wide; give a prefix of 64 to 128 bits, or one address"},
        WrongFile{"wide IPv4 tunnel source", "tunnel_source = [\"10.0.0.1\",\n\"8.0.0.0/7\"]\n", 3, "tunnel_source",
                  "8.0.0.0/7 is too wide; give a prefix of 8 to 32 bits, or one address"},
        WrongFile{"tunnel source with host bits", "tunnel_source = \"10.99.0.1/16\"\n", 2, "tunnel_source",
                  "10.99.0.1/16 has bits set behind its first 16; give 10.99.0.0/16, or 10.99.0.1 alone"},
        WrongFile{
            "two IPv6 tunnel sources", "tunnel_source = [\"fd00::/64\", \"fd01::1\"]\n", 2, "tunnel_source",
            "fd01::1 is a second address of its family; give one IPv4 and one IPv6 address or prefix at the most"},
        WrongFile{"metrics without a port", "metrics = \"127.0.0.1\"\n", 2, "metrics",
                  "\"127.0.0.1\" is not an address and a port; give one like \"127.0.0.1:9660\""},
        WrongFile{"metrics on port 0", "metrics = \"127.0.0.1:0\"\n", 2, "metrics", "is not an address and a port"},
        WrongFile{"a group of two words", "api_read_group = \"net ops\"\n", 2, "api_read_group",
                  "\"net ops\" is no group; give the name or the number of a group"},
        WrongFile{"a long group", "api_admin_group = \"a123456789012345678901234567890123\"\n", 2, "api_admin_group",
                  "is no group"},
        WrongFile{"answers is a word", "answers = \"all\"\n", 2, "answers", "\"all\" is not a table; write [answers]"},
        WrongFile{"echo", "[answers]\necho = true\n", 3, "answers.echo",
                  "true is not known; give \"answer\" or \"kernel\""},
        WrongFile{"a rate", "[answers]\nreject_per_second = -1\n", 3, "answers.reject_per_second",
                  "-1 is below 0; give answers a second from 0 (none) to 100000000"},
        WrongFile{"a rate above", "[answers]\ntoo_big_per_second = 100000001\n", 3, "answers.too_big_per_second",
                  "100000001 is above 100000000"},
        WrongFile{"a rate of the kernel's", "[answers]\necho = \"kernel\"\necho_per_second = 5\n", 4,
                  "answers.echo_per_second",
                  "means nothing beside echo = \"kernel\", which answers in our place; leave it out"},
        WrongFile{"unknown answer", "[answers]\nehco = \"kernel\"\n", 3, "answers.ehco", "did you mean \"echo\"?"}),
    [](const testing::TestParamInfo<WrongFile>& row) { return test_name(row.param); });

TEST(ReadTop, TunnelSourcesMayBePrefixes) {
  const Config config = accepted("tunnel_source = [\"fd00:99::/64\", \"10.99.0.0/16\"]\n");
  EXPECT_EQ(config.tunnel_source_ipv4->text(), "10.99.0.0/16");
  EXPECT_EQ(config.tunnel_source_ipv6->text(), "fd00:99::/64");
}

TEST(ReadTop, WhoMayUseTheApi) {
  const Config config = accepted("api_read_group = \"net-ops\"\napi_admin_group = \"0\"\nmetrics = \"[::1]:9660\"\n");
  EXPECT_EQ(config.api_read_group, "net-ops");
  EXPECT_EQ(config.api_admin_group, "0");
  EXPECT_EQ(config.metrics->text(), "[::1]:9660");
  EXPECT_FALSE(accepted("metrics = \"\"\n").metrics.has_value());
}

TEST(ReadTop, Answers) {
  EXPECT_EQ(accepted("").answers, AnswersConfig{});
  const AnswersConfig said =
      accepted("[answers]\necho_per_second = 0\ntoo_big_per_second = 7\nreject_per_second = 100000000\n").answers;
  EXPECT_EQ(said, (AnswersConfig{false, 0, 7, 100'000'000}));
  EXPECT_TRUE(accepted("[answers]\necho = \"kernel\"\n").answers.echo_to_kernel);
}

}  // namespace
}  // namespace guideway
