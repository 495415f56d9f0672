// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/database_words.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

using Is = Judgement::Is;

std::string message(char kind, const std::string& body) {
  return kind + std::string{'\0', '\0', '\0', static_cast<char>(body.size() + 4)} + body;
}

std::string packet(const std::string& payload, int number) {
  return std::string{static_cast<char>(payload.size()), '\0', '\0', static_cast<char>(number)} + payload;
}

void expect(const Judgement& judgement, Is is, const std::string& text = "") {
  EXPECT_EQ(judgement.is, is);
  EXPECT_EQ(judgement.text, text);
}

TEST(PostgresqlWords, Startup) {
  EXPECT_EQ(postgresql_startup("a", "b"), std::string("\0\0\0\x1b\0\3\0\0user\0a\0database\0b\0\0", 27));
}

TEST(PostgresqlWords, AskingForAPasswordIsEnough) {
  const std::string asks = message('R', std::string("\0\0\0\x0aSCRAM\0\0", 11));
  expect(judge_postgresql(asks), Is::right);
  for (std::size_t length = 0; length < asks.size(); ++length)
    expect(judge_postgresql(asks.substr(0, length)), Is::incomplete);
}

TEST(PostgresqlWords, WhoIsLetInMustReachTheDatabase) {
  const std::string let_in = message('R', std::string(4, '\0')) + message('S', std::string("a\0b\0", 4));
  const std::string missing("SFATAL\0C3D000\0Mno such database\0\0", 33);
  expect(judge_postgresql(let_in), Is::incomplete);
  expect(judge_postgresql(let_in + message('Z', "I")), Is::right);
  expect(judge_postgresql(let_in + message('E', missing)), Is::wrong,
         "PostgreSQL says FATAL 3D000: \"no such database\"");
}

// What a server calls its error must not write on an operator's terminal.
TEST(PostgresqlWords, ErrorsArePrintable) {
  const std::string zero(1, '\0');
  const std::string rude = "S\x1b[31mFATAL" + zero + "C\xff" + "28P01" + zero + "Mno\x07" + zero + zero;
  expect(judge_postgresql(message('E', rude)), Is::wrong, "PostgreSQL says .[31mFATAL .28P01: \"no.\"");
}

TEST(PostgresqlWords, OthersAreWrongAtOnce) {
  expect(judge_postgresql("220 ready\r\n"), Is::wrong);
  expect(judge_postgresql(std::string("R\0\0\0\1....", 9)), Is::wrong);
}

TEST(MysqlWords, Greeting) {
  const std::string greeting = packet(
      "\x0a"
      "10.11.19-MariaDB and so on",
      0);
  expect(judge_mysql_greeting(greeting), Is::right);
  for (std::size_t length = 0; length < greeting.size(); ++length)
    expect(judge_mysql_greeting(greeting.substr(0, length)), Is::incomplete);
  expect(judge_mysql_greeting(packet("\xff\x10\x04Too many connections", 0)), Is::wrong,
         "MySQL says error 1040: \"Too many connections\"");
  expect(judge_mysql_greeting("220 ready\r\n"), Is::wrong);
}

TEST(MysqlWords, Login) {
  const std::string denied = packet("\xff\x15\x04#28000Access denied", 2);
  const std::string blocked = packet("\xff\x69\x04#HY000Host is blocked", 2);
  expect(judge_mysql_login(packet(std::string("\0\0\0", 3), 2), true), Is::right);
  expect(judge_mysql_login(denied, false), Is::right);
  expect(judge_mysql_login(denied, true), Is::wrong, "MySQL says error 1045: \"Access denied\"");
  expect(judge_mysql_login(blocked, false), Is::wrong, "MySQL says error 1129: \"Host is blocked\"");
  expect(judge_mysql_login(packet("\xfe"
                                  "caching_sha2_password",
                                  2),
                           true),
         Is::asks, packet("", 3));
  expect(judge_mysql_login(packet("\x05", 2), true), Is::wrong);
  expect(judge_mysql_login("\x05", true), Is::incomplete);
  EXPECT_EQ(mysql_login("ab").substr(0, 4), std::string("\x3a\0\0\1", 4));
}

}  // namespace
}  // namespace guideway
