// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/http_server.hh"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/controlplane/api/http_fixture.hh"

namespace guideway {
namespace {

TEST_F(HttpServerTest, AnswersWithJson) {
  start({});
  const HttpAnswer answer = ask(path_, "GET", "/v1/status");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body["asked"], "status");
  EXPECT_NE(answer.text.find("Content-Type: application/json"), std::string::npos);
}

TEST_F(HttpServerTest, AnswersPrometheusWithText) {
  start({});
  const HttpAnswer answer = ask(path_, "GET", "/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.text.find("Content-Type: text/plain; version=0.0.4"), std::string::npos) << answer.text;
  EXPECT_NE(answer.text.find("\r\n\r\nguideway_up 1\n"), std::string::npos) << answer.text;
  EXPECT_EQ(ask(path_, "POST", "/metrics").status, 405);
  EXPECT_EQ(ask(path_, "GET", "/v1/metrics").status, 404);
}

TEST_F(HttpServerTest, ItsSocketIsForOwnerAndGroup) {
  start({});
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

TEST_F(HttpServerTest, AConnectionServesManyRequests) {
  start({});
  const UniqueFd fd = connect_to(path_);
  for (int i = 0; i < 50; ++i) {
    send_all(fd, "GET /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(read_answer(fd).body["asked"], "stats");
  }
}

TEST_F(HttpServerTest, ManyConnectionsAtOnce) {
  start({});
  std::vector<UniqueFd> connections;
  for (int i = 0; i < 100; ++i) {
    connections.push_back(connect_to(path_));
    ASSERT_TRUE(connections.back());
  }
  for (const UniqueFd& fd : connections) send_all(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
  for (const UniqueFd& fd : connections) EXPECT_EQ(read_answer(fd).status, 200);
}

TEST_F(HttpServerTest, ABodyThatIsTooLargeIsRefused) {
  start({});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "POST /v1/edits HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
  EXPECT_EQ(read_answer(fd).status, 413);
}

TEST_F(HttpServerTest, WhatIsNotHttpIsRefused) {
  start({});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "this is not a request\r\n\r\n");
  const HttpAnswer answer = read_answer(fd);
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.body.contains("error"));
  EXPECT_EQ(ask(path_, "GET", "/v1/status").status, 200);
}

TEST_F(HttpServerTest, AClientThatSaysNothingIsHungUpOn) {
  start({1024, std::chrono::seconds(1), 8});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "GET /v1/sta");
  EXPECT_EQ(read_answer(fd).text, "");
}

// Reads to the end of the connection, or what one recv() brings.
std::string read_some(const UniqueFd& fd) {
  char buffer[65536];
  const ssize_t count = ::recv(fd.get(), buffer, sizeof buffer, 0);
  return count <= 0 ? "" : std::string(buffer, static_cast<std::size_t>(count));
}

TEST_F(HttpServerTest, AnAnswerMayGoOn) {
  start({});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string text;
  for (std::string piece = read_some(fd); !piece.empty(); piece = read_some(fd)) text += piece;
  EXPECT_EQ(text.rfind("HTTP/1.1 200 OK\r\n", 0), 0U) << text;
  EXPECT_NE(text.find("\r\n\r\nb\r\nxxxxxxxxxx\n\r\nb\r\nxxxxxxxxxx\n\r\nb\r\n"), std::string::npos) << text;
  stop();
  EXPECT_EQ(operations_.last_actor.uid, ::getuid());
  EXPECT_EQ(operations_.last_actor.pid, ::getpid());
}

TEST_F(HttpServerTest, AReaderThatIsTooSlowIsCutOff) {
  operations_.stream_lines = 1000;
  operations_.stream_line_bytes = 65536;
  HttpServer::Limits limits;
  limits.connections_max = 1;
  start(limits);
  {
    const UniqueFd fd = connect_to(path_);
    send_all(fd, "GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n");
    std::size_t bytes = 0;
    for (std::string piece = read_some(fd); !piece.empty(); piece = read_some(fd)) bytes += piece.size();
    EXPECT_LT(bytes, std::size_t{4} << 20U) << "of 64 MB";
  }
  // Its place is free again.
  EXPECT_EQ(ask(path_, "GET", "/v1/status").status, 200);
  stop();
  EXPECT_EQ(operations_.last_sent, ReplyStream::Sent::too_slow);
}

TEST_F(HttpServerTest, OperationsKnowWhoAsks) {
  start({});
  const HttpAnswer answer = ask(path_, "POST", "/v1/edits",
                                R"({"edits": [{"op": "backend.weight", "pool": "p", "name": "b", "weight": 3}]})");
  EXPECT_EQ(answer.status, 200);
  stop();
  EXPECT_EQ(operations_.last_actor.uid, ::getuid());
  EXPECT_EQ(operations_.last_actor.pid, ::getpid());
  if (::getuid() == 0) {
    EXPECT_EQ(operations_.last_actor.text(), "root (uid 0, process " + std::to_string(::getpid()) + ")");
  }
  EXPECT_EQ(Actor{}.text(), "guidewayd");
}

TEST_F(HttpServerTest, ASecondServerOnTheSameSocketIsRefused) {
  start({});
  boost::asio::io_context other;
  auto second = HttpServer::listen(other, path_, router_, {});
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("another guidewayd"), std::string::npos) << second.error().message;
  EXPECT_EQ(ask(path_, "GET", "/v1/status").status, 200);
}

TEST_F(HttpServerTest, ASocketThatADeadServerLeftIsTakenOver) {
  start({});
  std::filesystem::rename(path_, directory_ + "/kept");
  stop();
  std::filesystem::rename(directory_ + "/kept", path_);
  io_.restart();
  start({});
  EXPECT_EQ(ask(path_, "GET", "/v1/status").status, 200);
}

TEST_F(HttpServerTest, AFileInTheWayIsLeftAlone) {
  std::ofstream(path_) << "precious";
  auto server = HttpServer::listen(io_, path_, router_, {});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find(path_), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path_), 8U);
}

TEST_F(HttpServerTest, AMissingDirectoryIsASentence) {
  auto server = HttpServer::listen(io_, directory_ + "/no/api.sock", router_, {});
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().message.find("/no/api.sock"), std::string::npos) << server.error().message;
}

}  // namespace
}  // namespace guideway
