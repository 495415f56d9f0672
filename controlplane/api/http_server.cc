// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/http_server.hh"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include <boost/asio/local/stream_protocol.hpp>

#include <fcntl.h>

#include "controlplane/api/http_accept.hh"
#include "controlplane/api/http_connection.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;
// Holds `path`.lock as long as the socket is served: only its holder may take away a socket that a dead process left.
Result<UniqueFd> lock_socket(const std::string& path) {
  std::string lock_path = path + ".lock";
  UniqueFd lock(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) {
    return failure("the API socket " + path + " cannot be made: " + lock_path + ": " + std::strerror(errno) +
                   "; does its directory exist, and may this user write there?");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return failure("another guidewayd already serves the API socket " + path +
                   "; stop it first, or give this one another \"api\" in its configuration");
  }
  return lock;
}

}  // namespace

class HttpServer::Listener : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, Router& router, const Limits& limits, const AccessRules& rules, std::string path,
           UniqueFd lock)
      : acceptor_(io),
        pause_(io),
        router_(router),
        limits_(limits),
        rules_(rules),
        path_(std::move(path)),
        lock_(std::move(lock)),
        open_(std::make_shared<OpenConnections>(limits.connections_max)) {}

  Result<void> open() {
    struct stat existing {};
    if (::lstat(path_.c_str(), &existing) == 0) {
      if (!S_ISSOCK(existing.st_mode))
        return failure("the API socket " + path_ + " is in the way of a file that is no socket");
      ::unlink(path_.c_str());
    }
    beast::error_code error;
    Local::endpoint endpoint;
    try {
      endpoint = Local::endpoint(path_);
    } catch (const boost::system::system_error&) {
      return failure("the API socket path " + path_ + " is too long; at most 107 bytes");
    }
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.bind(endpoint, error);
    // Before listen(), so that nobody connects while the mode is still the umask's.
    if (!error && ::chmod(path_.c_str(), rules_.judges() ? 0666 : 0660) != 0)
      error.assign(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failure("the API socket " + path_ + " cannot be made: " + error.message());
    return {};
  }

  void took(Local::socket socket) {
    auto caller = caller_of(socket.native_handle());
    if (!caller || !open_->make_room()) return;
    const Access access = rules_.of(*caller);
    std::make_shared<HttpConnection<PlainWire<Local>>>(
        std::make_unique<PlainWire<Local>>(std::move(socket)), limits_, open_, std::move(*caller), access,
        [self = shared_from_this()](const ApiRequest& request, Operations::Respond respond) {
          self->router_.handle(request, std::move(respond));
        })
        ->start();
  }

  void close() {
    if (!acceptor_.is_open()) return;
    ::unlink(path_.c_str());
    beast::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    lock_.reset();
  }

  [[nodiscard]] Local::acceptor& acceptor() noexcept { return acceptor_; }
  [[nodiscard]] asio::steady_timer& pause() noexcept { return pause_; }

 private:
  Local::acceptor acceptor_;
  asio::steady_timer pause_;
  Router& router_;
  Limits limits_;
  AccessRules rules_;
  std::string path_;
  UniqueFd lock_;
  std::shared_ptr<OpenConnections> open_;
};

Result<HttpServer> HttpServer::listen(boost::asio::io_context& io, const std::string& path, Router& router,
                                      const Limits& limits, const AccessRules& rules) {
  auto lock = lock_socket(path);
  if (!lock) return failure_of(lock);
  auto listener = std::make_shared<Listener>(io, router, limits, rules, path, std::move(*lock));
  auto opened = listener->open();
  if (!opened) return failure_of(opened);
  accept_next(listener);
  return HttpServer(std::move(listener));
}

HttpServer::HttpServer(std::shared_ptr<Listener> listener) noexcept : listener_(std::move(listener)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() {
  if (listener_) listener_->close();
}

}  // namespace guideway
