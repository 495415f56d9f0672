// SPDX-License-Identifier: Apache-2.0
// The end of sd_notify that systemd would hold.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "dataplane/base/unique_fd.hh"

namespace guideway::testing_support {

class NotifySocket {
 public:
  NotifySocket() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-notify-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path().data(), path().size());
    fd_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fd_.reset();
  }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;
  ~NotifySocket() {
    ::unsetenv("NOTIFY_SOCKET");
    std::filesystem::remove_all(directory_);
  }

  [[nodiscard]] std::string path() const { return directory_ + "/notify"; }
  // To this process and its children.
  void announce() const { ::setenv("NOTIFY_SOCKET", path().c_str(), 1); }
  // The next message; empty if none comes in time.
  [[nodiscard]] std::string next(int timeout_ms = 10'000) const {
    pollfd one{fd_.get(), POLLIN, 0};
    if (::poll(&one, 1, timeout_ms) != 1) return "";
    char buffer[4096];
    const ssize_t count = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return count <= 0 ? "" : std::string(buffer, static_cast<std::size_t>(count));
  }
  // Whether a message that begins so comes within the time, whatever comes before.
  [[nodiscard]] bool hears(const std::string& beginning, int timeout_ms = 10'000) const {
    while (true) {
      const std::string message = next(timeout_ms);
      if (message.empty()) return false;
      if (message.rfind(beginning, 0) == 0) return true;
    }
  }

 private:
  std::string directory_;
  UniqueFd fd_;
};

}  // namespace guideway::testing_support
