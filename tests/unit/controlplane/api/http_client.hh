// SPDX-License-Identifier: Apache-2.0
// The smallest HTTP client that a test of the API needs: one request over a unix socket, one answer.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include <nlohmann/json.hpp>

#include "dataplane/base/unique_fd.hh"

namespace guideway {

struct HttpAnswer {
  int status = 0;  // 0: no answer
  nlohmann::json body;
  std::string text;  // all that came
};

[[nodiscard]] inline UniqueFd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  const timeval limit{20, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

inline void send_all(const UniqueFd& fd, const std::string& text) {
  std::size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t count = ::send(fd.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

// Reads one answer; the connection may stay open behind it.
[[nodiscard]] inline HttpAnswer read_answer(const UniqueFd& fd) {
  HttpAnswer answer;
  std::size_t wanted = std::string::npos;
  std::size_t body_at = 0;
  char buffer[16384];
  while (answer.text.size() < wanted) {
    const ssize_t count = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (count <= 0) break;
    answer.text.append(buffer, static_cast<std::size_t>(count));
    const std::size_t end = answer.text.find("\r\n\r\n");
    const std::size_t length = answer.text.find("Content-Length: ");
    if (end == std::string::npos || length == std::string::npos) continue;
    body_at = end + 4;
    wanted = body_at + std::stoul(answer.text.substr(length + 16));
  }
  if (answer.text.rfind("HTTP/1.1 ", 0) != 0) return answer;
  answer.status = std::stoi(answer.text.substr(9));
  answer.body = nlohmann::json::parse(answer.text.substr(body_at), nullptr, false);
  return answer;
}

[[nodiscard]] inline HttpAnswer ask(const std::string& socket, const std::string& method, const std::string& target,
                                    const std::string& body = "") {
  const UniqueFd fd = connect_to(socket);
  if (!fd) return {};
  send_all(fd, method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
                   std::to_string(body.size()) + "\r\n\r\n" + body);
  return read_answer(fd);
}

}  // namespace guideway
