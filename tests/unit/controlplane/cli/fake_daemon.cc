// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/controlplane/cli/fake_daemon.hh"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "dataplane/base/check.hh"

namespace guideway {

FakeDaemon::FakeDaemon(int status, std::string body) : status_(status), body_(std::move(body)) {
  directory_ = (std::filesystem::temp_directory_path() / "guideway-cli-XXXXXX").string();
  check(::mkdtemp(directory_.data()) != nullptr, "a directory for the socket");
  path_ = directory_ + "/api.sock";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  check(path_.size() < sizeof address.sun_path, "a short path");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  listener_ = UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  check(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  check(::listen(listener_.get(), 8) == 0, "listen");
  wake_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] { serve(); });
}

FakeDaemon::~FakeDaemon() {
  stop();
  std::filesystem::remove_all(directory_);
}

std::vector<NotedRequest> FakeDaemon::requests() {
  stop();
  return requests_;
}

void FakeDaemon::stop() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  check(::write(wake_.get(), &one, sizeof one) == sizeof one, "wake");
  thread_.join();
}

void FakeDaemon::serve() {
  for (;;) {
    std::array<pollfd, 2> waited{pollfd{listener_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    ::poll(waited.data(), waited.size(), -1);
    if (waited[1].revents != 0) return;
    const UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (connection) answer(connection.get());
  }
}

void FakeDaemon::answer(int connection) {
  std::string text;
  std::size_t head_end = std::string::npos;
  std::size_t body_bytes = 0;
  while (head_end == std::string::npos || text.size() < head_end + 4 + body_bytes) {
    std::array<char, 4096> piece{};
    const ssize_t count = ::recv(connection, piece.data(), piece.size(), 0);
    if (count <= 0) return;
    text.append(piece.data(), static_cast<std::size_t>(count));
    head_end = text.find("\r\n\r\n");
    const std::size_t length = text.find("Content-Length: ");
    if (head_end != std::string::npos && length < head_end) body_bytes = std::stoul(text.substr(length + 16));
  }
  requests_.push_back({text.substr(0, text.find("\r\n")), text.substr(head_end + 4)});
  if (body_.empty()) return;
  const std::string reply = "HTTP/1.1 " + std::to_string(status_) + " Said\r\nContent-Type: application/json\r\n" +
                            "Content-Length: " + std::to_string(body_.size()) + "\r\nConnection: close\r\n\r\n" + body_;
  check(::send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(reply.size()), "send");
}

}  // namespace guideway
