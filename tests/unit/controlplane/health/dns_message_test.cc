// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/dns_message.hh"

#include <gtest/gtest.h>

#include "controlplane/config/dns_records.hh"

namespace guideway {
namespace {

const DnsQuestion www{0x1234, "www.example", "A"};
const std::string question_section(
    "\x03www\x07"
    "example\0\0\x01\0\x01",
    17);

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

// The header of an answer with so many records; `flags` is its second byte of flags.
std::string header(int answers, int flags = 0) {
  return bytes({0x12, 0x34, 0x81, flags, 0, 1, 0, answers, 0, 0, 0, 0});
}

std::string record(int type, const std::string& data, const std::string& name = "\xc0\x0c") {
  return name + bytes({0, type, 0, 1, 0, 0, 0, 60, 0, static_cast<int>(data.size())}) + data;
}

std::string verdict(const std::string& message, const std::string& expected = "", const DnsQuestion& question = www) {
  const auto judged = judge_dns_answer(message, question, expected);
  return judged ? (judged->ok ? "ok: " : "failed: ") + judged->sentence : "nothing";
}

TEST(DnsMessage, AsksWithRecursion) {
  EXPECT_EQ(dns_query(www), bytes({0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}) + question_section);
  EXPECT_EQ(dns_query({1, "", "NS"}), bytes({0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1}));
}

TEST(DnsMessage, FindsTheRecord) {
  const std::string two =
      header(2) + question_section + record(1, bytes({192, 0, 2, 1})) + record(1, bytes({192, 0, 2, 2}));
  EXPECT_EQ(verdict(two), "ok: www.example A is 192.0.2.1");
  EXPECT_EQ(verdict(two, "192.0.2.2"), "ok: www.example A is 192.0.2.2");
  EXPECT_EQ(verdict(two, "192.0.2.3"), "failed: www.example A is 192.0.2.1 and 1 more, wanted 192.0.2.3");
  const std::string behind_cname =
      header(2) + question_section + record(5, "\xc0\x0c") + record(1, bytes({192, 0, 2, 1}));
  EXPECT_EQ(verdict(behind_cname, "192.0.2.1"), "ok: www.example A is 192.0.2.1");
}

TEST(DnsMessage, EveryKindOfRecord) {
  const auto one = [](const std::string& kind, int type, const std::string& data, const std::string& expected) {
    const DnsQuestion question{0x1234, "www.example", kind};
    std::string question_bytes = question_section;
    question_bytes[14] = static_cast<char>(type);
    return verdict(header(1) + question_bytes + record(type, data), expected, question);
  };
  const std::string mail("\x04mail\xc0\x10", 7);
  EXPECT_EQ(one("AAAA", 28, bytes({0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), "2001:0db8::1"),
            "ok: www.example AAAA is 2001:db8::1");
  EXPECT_EQ(one("MX", 15, bytes({0, 10}) + mail, "10 Mail.Example."), "ok: www.example MX is 10 mail.example");
  EXPECT_EQ(one("SRV", 33, bytes({0, 1, 0, 2, 0, 80}) + mail, "1 2 80 mail.example"),
            "ok: www.example SRV is 1 2 80 mail.example");
  EXPECT_EQ(one("NS", 2, mail, "mail.example"), "ok: www.example NS is mail.example");
  EXPECT_EQ(one("TXT", 16,
                "\x02"
                "ab"
                "\x01"
                "C",
                "abC"),
            "ok: www.example TXT is abC");
  EXPECT_EQ(one("TXT", 16,
                "\x02"
                "ab",
                "AB"),
            "failed: www.example TXT is ab, wanted AB");
}

TEST(DnsMessage, SaysWhatIsWrong) {
  EXPECT_EQ(verdict(header(0, 2) + question_section), "failed: SERVFAIL for www.example A");
  EXPECT_EQ(verdict(header(0, 3) + question_section), "failed: NXDOMAIN for www.example A");
  EXPECT_EQ(verdict(header(0, 9) + question_section), "failed: code 9 for www.example A");
  EXPECT_EQ(verdict(header(0) + question_section), "failed: no record for www.example A");
  std::string truncated = header(0) + question_section;
  truncated[2] = '\x83';
  EXPECT_EQ(verdict(truncated), "failed: the answer for www.example A is truncated; check it over TCP");
}

TEST(DnsMessage, AnswersToOthersAreNotOurs) {
  std::string other_id = header(1) + question_section;
  other_id[0] = 0;
  EXPECT_EQ(verdict(other_id), "nothing");
  std::string query = header(0) + question_section;
  query[2] = 1;
  EXPECT_EQ(verdict(query), "nothing");
  std::string other_name = header(0) + question_section;
  other_name[13] = 'x';
  EXPECT_EQ(verdict(other_name), "nothing");
  EXPECT_EQ(verdict(""), "nothing");
}

TEST(DnsMessage, SurvivesWhatIsMalformed) {
  const std::string loop = header(1) + question_section + record(1, bytes({192, 0, 2, 1}), bytes({0xc0, 29}));
  EXPECT_EQ(verdict(loop), "failed: malformed answer for www.example A");
  const std::string whole = header(1) + question_section + record(1, bytes({192, 0, 2, 1}));
  for (std::size_t length = 12; length < whole.size(); ++length)
    EXPECT_EQ(verdict(whole.substr(0, length)), "failed: malformed answer for www.example A") << length;
  EXPECT_EQ(verdict(header(1) + question_section + record(1, "abc")), "failed: malformed answer for www.example A");
}

TEST(DnsMessage, Names) {
  EXPECT_TRUE(is_dns_name("") && is_dns_name("a") && is_dns_name("_dmarc.example"));
  EXPECT_FALSE(is_dns_name("a..b") || is_dns_name(".a") || is_dns_name(std::string(64, 'a')) || is_dns_name("a b"));
  EXPECT_EQ(dns_record_number("SRV"), 33);
  EXPECT_EQ(dns_record_number("srv"), 0);
}

}  // namespace
}  // namespace guideway
