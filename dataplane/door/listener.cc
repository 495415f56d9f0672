// SPDX-License-Identifier: Apache-2.0
// The socket file: made, taken over where its owner is dead, removed.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "dataplane/door/server.hh"

namespace guideway::door {
namespace {

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return failure("door socket path \"" + path + "\" has " + std::to_string(path.size()) +
                   " bytes, allowed are 1 to " + std::to_string(sizeof address.sun_path - 1));
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

UniqueFd make_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

int bind_to(const UniqueFd& fd, const sockaddr_un& address) {
  return ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

bool somebody_listens(const sockaddr_un& address) {
  const UniqueFd probe = make_socket();
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 || errno == EAGAIN;
}

bool is_socket(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

Result<Listener> Listener::open(const std::string& path) {
  const auto address = address_of(path);
  if (!address) return failure_of(address);
  const auto because = [&](int error) {
    return failure("cannot open the door at " + path + ": " + std::strerror(error));
  };
  std::error_code ignored;  // bind will say what is wrong with the directory
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), ignored);

  UniqueFd fd = make_socket();
  if (!fd) return because(errno);
  if (bind_to(fd, *address) != 0) {
    if (errno != EADDRINUSE) return because(errno);
    if (!is_socket(path))
      return failure("cannot open the door at " + path + ": a file that is no socket is in its place");
    if (somebody_listens(*address))
      return failure("door socket " + path +
                     " is in use: another datapath serves it; stop that one or choose another --door");
    ::unlink(path.c_str());
    if (bind_to(fd, *address) != 0) return because(errno);
  }
  Listener listener(std::move(fd), path);
  // Whoever may write to the socket rules the datapath: the owner and the group.
  if (::chmod(path.c_str(), 0660) != 0 || ::listen(listener.fd(), 8) != 0) return because(errno);
  return listener;
}

Listener::~Listener() {
  if (fd_) ::unlink(path_.c_str());
}

}  // namespace guideway::door
