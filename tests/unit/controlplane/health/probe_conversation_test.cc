// SPDX-License-Identifier: Apache-2.0
// Checks that talk, over scripted sockets. checkers_test.cc has the real servers.
#include <boost/asio/read.hpp>

#include "tests/unit/controlplane/health/check_of.hh"
#include "tests/unit/controlplane/health/one_probe.hh"
#include "tests/unit/controlplane/health/real_server.hh"
#include "tests/unit/controlplane/health/scripted_server.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

CheckTarget target_of(CheckConfig check, std::uint16_t port) {
  if (check.timeout_ms == CheckConfig{}.timeout_ms) check.timeout_ms = 5000;
  return CheckTarget::of(*IpAddress::parse("127.0.0.1"), port, check);
}

CheckConfig talk(std::string send, std::string expect, std::uint32_t timeout_ms = 5000) {
  CheckConfig check = check_of(CheckKind::tcp);
  check.timeout_ms = timeout_ms;
  check.send = std::move(send);
  check.expect = std::move(expect);
  return check;
}

// A server for one connection: for each turn it reads the bytes that must come, then answers. Then it closes, or
// waits for the other side to.
struct Turn {
  std::string hears;
  std::string says;
};

class TurnServer {
 public:
  explicit TurnServer(std::vector<Turn> turns, bool closes = false)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()),
        thread_([this, turns = std::move(turns), closes] { serve(turns, closes); }) {}
  TurnServer(const TurnServer&) = delete;
  TurnServer& operator=(const TurnServer&) = delete;
  ~TurnServer() {
    if (thread_.joinable()) thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& heard() {
    thread_.join();
    return heard_;
  }

 private:
  void serve(const std::vector<Turn>& turns, bool closes) {
    tcp::socket socket(io_);
    acceptor_.accept(socket);
    boost::system::error_code error;
    for (const Turn& turn : turns) {
      std::string words(turn.hears.size(), '\0');
      words.resize(asio::read(socket, asio::buffer(words), error));
      heard_ += words;
      if (words != turn.hears) return;
      asio::write(socket, asio::buffer(turn.says), error);
    }
    char byte = 0;
    if (!closes) asio::read(socket, asio::buffer(&byte, 1), error);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::uint16_t port_;
  std::string heard_;
  std::thread thread_;
};

ProbeResult against(const CheckConfig& check, std::vector<Turn> turns, bool closes = false) {
  asio::io_context io;
  const TurnServer server(std::move(turns), closes);
  return probe(io, target_of(check, server.port()));
}

TEST(SendExpect, SaysBytesAndFindsThem) {
  const std::string sent("\x01\r\n\0\\\xff", 6);
  expect_ok(against(talk(R"(\x01\r\n\0\\\xff)", R"(\x00ye)"), {{sent, std::string("a\0yes", 5)}}),
            "answered as expected");
  expect_ok(against(talk("", "SSH-2.0-"), {{"", "SSH-2.0-OpenSSH_9.2p1\r\n"}}), "answered as expected");
  expect_ok(against(talk("hello", "regex:^w[aeiou]+\\r\\n"), {{"hello", "waou\r\n"}}), "answered as expected");
}

TEST(SendExpect, WithoutAnExpectationSayingIsEnough) {
  asio::io_context io;
  TurnServer server({Turn{"bye", ""}});
  expect_ok(probe(io, target_of(talk("bye", ""), server.port())), "answered as expected");
}

TEST(SendExpect, AnAnswerMayComeInPieces) {
  asio::io_context io;
  ScriptedServer server(io, {.read_first = false, .answer = std::string(9000, 'x') + "end", .wait_ms = 50});
  expect_ok(probe(io, target_of(talk("", "regex:x+end"), server.port())), "answered as expected");
}

TEST(SendExpect, SaysWhatCameInstead) {
  expect_failed(against(talk("a", "yes", 150), {{"a", "no\x01way\r\n"}}),
                "no answer to what was sent with \"yes\" within 150 ms");
  expect_failed(against(talk("a", "yes"), {{"a", "no\x01way\r\n"}}, true),
                "answered what was sent with \"no.way\" and closed, wanted \"yes\"");
  expect_failed(against(talk("a", "yes"), {{"a", ""}}, true),
                "connection closed, no answer to what was sent with \"yes\"");
  expect_failed(against(talk("", "yes", 150), {}), "no greeting with \"yes\" within 150 ms");
}

TEST(SendExpect, ReadsNoMoreThanItsBounds) {
  const std::string shown(60, 'x');
  expect_failed(against(talk("", "yes"), {{"", std::string(1 << 16, 'x')}}),
                "greeted with \"" + shown + "...\" and more than 16384 bytes, wanted \"yes\"");
}

TEST(SendExpect, AHardExpressionTakesNoTime) {
  const auto began = std::chrono::steady_clock::now();
  const ProbeResult result = against(talk("", "regex:^(a|a?)+(a*)*(a*)*b$"), {{"", std::string(15'000, 'a')}}, true);
  EXPECT_EQ(result.outcome, ProbeOutcome::failed);
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(2));
}

TEST(Smtp, GreetsAndLeaves) {
  expect_ok(against(check_of(CheckKind::smtp), {{"", "220-mail.example ESMTP\r\n220 ready\r\n"},
                                                {"EHLO guideway-check\r\n", "250-mail.example\r\n250 SIZE 100\r\n"},
                                                {"QUIT\r\n", "221 2.0.0 Bye\r\n"}}),
            "answered as expected");
}

TEST(Smtp, ARefusalFailsAtOnce) {
  expect_failed(against(check_of(CheckKind::smtp), {{"", "554 no service\r\n"}}),
                "greeted with \"554 no service\", wanted 220");
  expect_failed(against(check_of(CheckKind::smtp),
                        {{"", "220 ready\r\n"}, {"EHLO guideway-check\r\n", "421-busy\r\n421 later\r\n"}}),
                "answered EHLO with \"421-busy\", wanted 250");
  CheckConfig hasty = check_of(CheckKind::smtp);
  hasty.timeout_ms = 150;
  expect_failed(against(hasty, {{"", "220-and so on\r\n"}}), "no greeting with 220 within 150 ms");
}

TEST(Redis, AnErrorFailsAtOnce) {
  expect_failed(against(check_of(CheckKind::redis), {{"*1\r\n$4\r\nPING\r\n", "-LOADING dataset in memory\r\n"}}),
                "answered PING with \"-LOADING dataset in memory\", wanted +PONG");
}

TEST(Redis, ThePasswordOfTheRealServer) {
  if (!is_installed("redis-server")) GTEST_SKIP() << "no redis-server here";
  const RealServer redis({"redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR",
                          "--requirepass", "open \"sesame\""});
  ASSERT_TRUE(redis.is_up()) << redis.log();
  asio::io_context io;
  CheckConfig check = check_of(CheckKind::redis);
  expect_failed(probe(io, target_of(check, redis.port())),
                "answered PING with \"-NOAUTH Authentication required.\", wanted +PONG");
  check.password = "wrong";
  const ProbeResult wrong = probe(io, target_of(check, redis.port()));
  EXPECT_EQ(wrong.outcome, ProbeOutcome::failed);
  EXPECT_EQ(wrong.detail.rfind("answered AUTH with \"-WRONGPASS", 0), 0u) << wrong.detail;
  check.password = "open \"sesame\"";
  expect_ok(probe(io, target_of(check, redis.port())), "answered as expected");
}

}  // namespace
}  // namespace guideway
