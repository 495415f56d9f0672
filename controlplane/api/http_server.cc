// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/http_server.hh"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <fcntl.h>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using Stream = beast::basic_stream<Local>;

// One client: reads a request, has it answered, writes the answer, and so on until either side has enough.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Local::socket socket, Router& router, const HttpServer::Limits& limits, std::shared_ptr<std::size_t> open)
      : stream_(std::move(socket)), router_(router), limits_(limits), open_(std::move(open)) {
    ++*open_;
  }
  ~Connection() { --*open_; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->body_limit(limits_.body_bytes_max);
    stream_.expires_after(limits_.request_timeout);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) { self->was_read(error); });
  }

 private:
  void was_read(beast::error_code error) {
    if (error == http::error::body_limit) {
      keep_alive_ = false;
      return write(error_reply(413, "the body is larger than " + std::to_string(limits_.body_bytes_max) + " bytes"));
    }
    if (error && error != http::error::end_of_stream && error.category() == http_category()) {
      keep_alive_ = false;
      return write(error_reply(400, "this is not HTTP: " + error.message()));
    }
    if (error) return close();
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    // An operation may take as long as the datapath does; the clock runs again when the answer is written.
    stream_.expires_never();
    router_.handle({std::string(request.method_string()), std::string(request.target()), request.body()},
                   [self = shared_from_this()](const Reply& reply) { self->write(reply); });
  }

  // Of errors in what the client wrote, as opposed to those of its connection.
  static const beast::error_category& http_category() {
    static const beast::error_code some = http::error::bad_method;
    return some.category();
  }

  void write(const Reply& reply) {
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(reply.status));
    response_.set(http::field::content_type, reply.content_type);
    response_.keep_alive(keep_alive_);
    response_.body() =
        reply.text ? *reply.text : reply.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    response_.prepare_payload();
    stream_.expires_after(limits_.request_timeout);
    http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error || !self->keep_alive_) return self->close();
      self->read();
    });
  }

  void close() {
    beast::error_code ignored;
    stream_.socket().shutdown(Local::socket::shutdown_both, ignored);
    stream_.socket().close(ignored);
  }

  Stream stream_;
  Router& router_;
  HttpServer::Limits limits_;
  std::shared_ptr<std::size_t> open_;  // connections of this server
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
  bool keep_alive_ = false;
};

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
  Listener(asio::io_context& io, Router& router, const Limits& limits, std::string path, UniqueFd lock)
      : acceptor_(io), router_(router), limits_(limits), path_(std::move(path)), lock_(std::move(lock)) {}

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
    if (!error && ::chmod(path_.c_str(), 0660) != 0) error.assign(errno, boost::system::system_category());
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (error) return failure("the API socket " + path_ + " cannot be made: " + error.message());
    return {};
  }

  void accept() {
    acceptor_.async_accept([self = shared_from_this()](beast::error_code error, Local::socket socket) {
      if (!self->acceptor_.is_open()) return;
      if (!error && *self->open_ < self->limits_.connections_max) {
        std::make_shared<Connection>(std::move(socket), self->router_, self->limits_, self->open_)->read();
      }
      self->accept();
    });
  }

  void close() {
    if (!acceptor_.is_open()) return;
    ::unlink(path_.c_str());
    beast::error_code ignored;
    acceptor_.close(ignored);
    lock_.reset();
  }

 private:
  Local::acceptor acceptor_;
  Router& router_;
  Limits limits_;
  std::string path_;
  UniqueFd lock_;
  std::shared_ptr<std::size_t> open_ = std::make_shared<std::size_t>(0);
};

Result<HttpServer> HttpServer::listen(boost::asio::io_context& io, const std::string& path, Router& router,
                                      const Limits& limits) {
  auto lock = lock_socket(path);
  if (!lock) return failure_of(lock);
  auto listener = std::make_shared<Listener>(io, router, limits, path, std::move(*lock));
  auto opened = listener->open();
  if (!opened) return failure_of(opened);
  listener->accept();
  return HttpServer(std::move(listener));
}

HttpServer::HttpServer(std::shared_ptr<Listener> listener) noexcept : listener_(std::move(listener)) {}
HttpServer::HttpServer(HttpServer&&) noexcept = default;
HttpServer& HttpServer::operator=(HttpServer&&) noexcept = default;
HttpServer::~HttpServer() {
  if (listener_) listener_->close();
}

}  // namespace guideway
