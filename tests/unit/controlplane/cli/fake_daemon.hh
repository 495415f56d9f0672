// SPDX-License-Identifier: Apache-2.0
// What the command line sees of guidewayd: an HTTP server on a unix socket that notes requests and gives canned
// answers. Plain sockets, so that nothing of the program under test is in it.
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "dataplane/base/unique_fd.hh"

namespace guideway {

struct NotedRequest {
  std::string line;  // "GET /v1/status HTTP/1.1"
  std::string body;
};

class FakeDaemon {
 public:
  // Every request is answered with `status` and `body`. An empty body: the connection is closed without an answer.
  FakeDaemon(int status, std::string body);
  FakeDaemon(const FakeDaemon&) = delete;
  FakeDaemon& operator=(const FakeDaemon&) = delete;
  ~FakeDaemon();

  [[nodiscard]] const std::string& path() const { return path_; }
  // Ends the server and tells what it was asked.
  [[nodiscard]] std::vector<NotedRequest> requests();

 private:
  void serve();
  void answer(int connection);
  void stop();

  int status_;
  std::string body_;
  std::string directory_;
  std::string path_;
  UniqueFd listener_;
  UniqueFd wake_;  // written to once, to end the thread
  std::vector<NotedRequest> requests_;
  std::thread thread_;
};

}  // namespace guideway
