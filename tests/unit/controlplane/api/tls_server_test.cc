// SPDX-License-Identifier: Apache-2.0
// The API inside TLS, with certificates of the test: who gets in, as whom, and what clients that are slow, many or dead
// cost.
#include "controlplane/api/tls_server.hh"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/net/endian.hh"
#include "tests/unit/controlplane/api/fake_operations.hh"
#include "tests/unit/controlplane/api/tls_client.hh"

namespace guideway {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Files = CertificateAuthority::Files;

const char* const an_edit = R"({"edits": [{"op": "backend.weight", "pool": "p", "name": "b", "weight": 3}]})";

class TlsServerTest : public ::testing::Test {
 protected:
  TlsServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-tls-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    authority_.emplace(directory_, "authority");
    shown_ = authority_->issue("server", {{"CN", "guidewayd"}}, "serverAuth");
    alice_ = authority_->issue("alice", {{"O", "ops"}, {"CN", "alice"}}, "clientAuth");
    bob_ = authority_->issue("bob", {{"CN", "bob"}}, "clientAuth");
  }
  ~TlsServerTest() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] ApiTlsConfig config() const {
    return {{*IpAddress::parse("127.0.0.1"), 0}, shown_.certificate, shown_.key, authority_->file(), {"alice"}};
  }
  void start(const HttpLimits& limits = {}) {
    auto server = TlsServer::listen(io_, config(), router_, limits);
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(std::move(*server));
    port_ = server_->port();
    thread_ = std::thread([this] { io_.run(); });
  }
  TlsClient::Answer ask(const std::optional<Files>& shown, const std::string& method, const std::string& target,
                        const std::string& body = "") const {
    return TlsClient(port_, authority_->file(), shown).ask(method, target, body);
  }
  // A client that never says anything.
  [[nodiscard]] UniqueFd mute() const {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = be16(port_).raw();
    to.sin_addr.s_addr = be32(0x7f000001U).raw();
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return fd;
  }
  static bool is_hung_up_on(int fd) {
    pollfd one{fd, POLLIN, 0};
    char byte = 0;
    return ::poll(&one, 1, 0) == 1 && ::recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0;
  }
  void expect_prompt() const {
    const auto began = steady_clock::now();
    EXPECT_EQ(ask(bob_, "GET", "/v1/status").status, 200);
    EXPECT_LT(steady_clock::now() - began, milliseconds(2000));
  }

  std::string directory_;
  std::optional<CertificateAuthority> authority_;
  Files shown_;
  Files alice_;
  Files bob_;
  FakeOperations operations_;
  Router router_{operations_};
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::optional<TlsServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST_F(TlsServerTest, AdministratorsMayChangeAndOthersLook) {
  start();
  EXPECT_EQ(ask(alice_, "GET", "/v1/status").body["asked"], "status");
  EXPECT_EQ(ask(alice_, "GET", "/v1/config").status, 200);
  EXPECT_EQ(ask(alice_, "POST", "/v1/edits", an_edit).body["asked"], "edits; backend.weight p/b 3");
  EXPECT_EQ(operations_.last_actor.certificate, "CN=alice,O=ops");
  EXPECT_EQ(operations_.last_actor.text(), "alice (certificate CN=alice,O=ops)");
  EXPECT_EQ(ask(bob_, "GET", "/v1/status").status, 200);
  for (const auto& [method, target] : {std::pair("POST", "/v1/edits"), std::pair("GET", "/v1/config")}) {
    const auto refused = ask(bob_, method, target, an_edit);
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(refused.body["error"],
              "certificate CN=bob may look, but neither change anything nor see the configuration and its secrets: "
              "that takes a common name of api_tls.administrators");
  }
}

TEST_F(TlsServerTest, WhoHasNoCertificateOfTheAuthorityGetsNoAnswer) {
  start();
  const auto expect_refused = [&](const std::optional<Files>& shown, const char* why) {
    const auto answer = ask(shown, "GET", "/v1/status");
    EXPECT_EQ(answer.status, 0);
    EXPECT_NE(answer.text.find(why), std::string::npos) << answer.text;
  };
  expect_refused(std::nullopt, "certificate required");
  CertificateAuthority other(directory_, "other");
  expect_refused(other.issue("mallory", {{"CN", "alice"}}, "clientAuth"), "unknown ca");
  expect_refused(authority_->issue("late", {{"CN", "alice"}}, "clientAuth", -60), "certificate expired");
  expect_refused(authority_->issue("server2", {{"CN", "alice"}}, "serverAuth"), "alert");
  EXPECT_EQ(TlsClient(port_, authority_->file(), alice_, boost::asio::ssl::context::tlsv12_client)
                .ask("GET", "/v1/status")
                .status,
            0)
      << "TLS 1.3 or nothing";
  EXPECT_EQ(operations_.last_actor.certificate, "");
  expect_prompt();
}

TEST_F(TlsServerTest, ACertificateWithTwoNamesIsNobodysInParticular) {
  start();
  const Files two = authority_->issue("two", {{"CN", "eve"}, {"CN", "alice"}}, "clientAuth");
  EXPECT_EQ(ask(two, "POST", "/v1/edits", an_edit).status, 403);
  EXPECT_EQ(ask(two, "GET", "/v1/status").status, 200);
}

TEST_F(TlsServerTest, AnswersThatGoOnDoSoInsideTls) {
  start();
  operations_.stream_lines = 300;
  operations_.stream_line_bytes = 1000;
  TlsClient client(port_, authority_->file(), bob_);
  client.send("GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::size_t bytes = 0;
  for (std::string piece = client.some(); !piece.empty() && bytes < 300'000; piece = client.some())
    bytes += piece.size();
  EXPECT_GE(bytes, 300'000U);
}

TEST_F(TlsServerTest, ClientsThatNeverShakeHandsKeepNobodyOut) {
  start({1024, std::chrono::seconds(30), 16});
  std::vector<UniqueFd> crowd;
  crowd.reserve(200);
  for (int i = 0; i < 200; ++i) crowd.push_back(mute());
  expect_prompt();
  std::size_t closed = 0;
  for (const UniqueFd& fd : crowd) closed += is_hung_up_on(fd.get()) ? 1 : 0;
  EXPECT_GE(closed, 200U - 16U) << "the oldest made room";
}

TEST_F(TlsServerTest, SlowHandshakesAndSlowRequestsEndInTime) {
  start({1024, std::chrono::seconds(1), 64});
  const UniqueFd slow = mute();
  TlsClient idle(port_, authority_->file(), bob_);
  idle.send("GET /v1/sta");
  const auto began = steady_clock::now();
  const auto are_both_gone = [&] { return is_hung_up_on(slow.get()) && is_hung_up_on(idle.socket()); };
  while (!are_both_gone() && steady_clock::now() - began < milliseconds(5000))
    std::this_thread::sleep_for(milliseconds(20));
  EXPECT_LT(steady_clock::now() - began, milliseconds(3000));
}

TEST_F(TlsServerTest, RenewedFilesAreTakenAndBrokenOnesAreNot) {
  start();
  CertificateAuthority next(directory_, "next");
  const auto believes = [&](const std::string& authority) {
    return TlsClient(port_, authority, alice_).ask("GET", "/v1/status").status == 200;
  };
  EXPECT_TRUE(believes(authority_->file()));
  next.issue("server", {{"CN", "guidewayd"}}, "serverAuth");  // the same files
  EXPECT_TRUE(believes(next.file()));
  EXPECT_FALSE(believes(authority_->file()));
  std::filesystem::resize_file(shown_.certificate, 10);
  EXPECT_TRUE(believes(next.file())) << "what was there goes on";
}

TEST_F(TlsServerTest, WhatCannotBeUsedIsASentence) {
  const auto refusal = [&](const ApiTlsConfig& wrong) {
    const auto server = TlsServer::listen(io_, wrong, router_, {});
    return server ? "" : server.error().message;
  };
  ApiTlsConfig wrong = config();
  wrong.certificate = directory_ + "/nothing.pem";
  EXPECT_EQ(refusal(wrong).rfind("api_tls.certificate: " + wrong.certificate + " cannot be used: ", 0), 0U)
      << refusal(wrong);
  wrong = config();
  wrong.key = alice_.key;
  EXPECT_EQ(refusal(wrong).rfind("api_tls.key: " + wrong.key + " cannot be used: ", 0), 0U) << refusal(wrong);
  wrong = config();
  wrong.client_ca = alice_.key;
  EXPECT_EQ(refusal(wrong).rfind("api_tls.client_ca: ", 0), 0U) << refusal(wrong);
}

}  // namespace
}  // namespace guideway
