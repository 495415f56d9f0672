// SPDX-License-Identifier: Apache-2.0
// The API's server on a thread of its own, in a directory of its own, with operations that only say what was asked.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>

#include "controlplane/api/http_server.hh"
#include "tests/unit/controlplane/api/fake_operations.hh"
#include "tests/unit/controlplane/api/http_client.hh"

namespace guideway {

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-api-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/api.sock";
  }
  ~HttpServerTest() override {
    stop();
    std::filesystem::remove_all(directory_);
  }
  void start(const HttpServer::Limits& limits, const AccessRules& rules = {}) {
    auto server = HttpServer::listen(io_, path_, router_, limits, rules);
    ASSERT_TRUE(server) << server.error().message;
    server_.emplace(std::move(*server));
    thread_ = std::thread([this] { io_.run(); });
  }
  void stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
    server_.reset();
  }

  std::string directory_;
  std::string path_;
  FakeOperations operations_;
  Router router_{operations_};
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::optional<HttpServer> server_;
  std::thread thread_;
};

}  // namespace guideway
