// SPDX-License-Identifier: Apache-2.0
// One client of a server, over a unix socket, TCP or TLS: reads a request, has it answered, writes the answer, and so
// on until either side has enough. Bounded: headers by 8 kB, the body by a limit, reading and writing by a time each.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "controlplane/api/access.hh"
#include "controlplane/api/http_limits.hh"
#include "controlplane/api/http_stream.hh"
#include "controlplane/api/http_wire.hh"
#include "controlplane/api/open_connections.hh"
#include "controlplane/api/router.hh"

namespace guideway {

template <typename Wire>
class HttpConnection : public std::enable_shared_from_this<HttpConnection<Wire>> {
 public:
  using Handle = std::function<void(const ApiRequest&, Operations::Respond)>;

  HttpConnection(std::unique_ptr<Wire> wire, const HttpLimits& limits, std::shared_ptr<OpenConnections> open,
                 Caller caller, Access access, Handle handle)
      : wire_(std::move(wire)),
        limits_(limits),
        open_(std::move(open)),
        caller_(std::move(caller)),
        access_(access),
        handle_(std::move(handle)) {}
  ~HttpConnection() { open_->remove(number_); }
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void start() {
    number_ = open_->add(caller_.holder(), [weak = this->weak_from_this()] {
      if (auto self = weak.lock()) self->close();
    });
    read();
  }

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(limits_.body_bytes_max);
    open_->waits(number_);
    wire_->clock().expires_after(limits_.request_timeout);
    boost::beast::http::async_read(
        wire_->stream(), buffer_, *parser_,
        [self = this->shared_from_this()](boost::beast::error_code error, std::size_t) { self->was_read(error); });
  }

  void was_read(boost::beast::error_code error) {
    namespace http = boost::beast::http;
    if (error == http::error::body_limit) {
      keep_alive_ = false;
      return write(error_reply(413, "the body is larger than " + std::to_string(limits_.body_bytes_max) + " bytes"));
    }
    // Of errors in what the client wrote, as opposed to those of its connection.
    static const boost::beast::error_code some = http::error::bad_method;
    if (error && error != http::error::end_of_stream && error.category() == some.category()) {
      keep_alive_ = false;
      return write(error_reply(400, "this is not HTTP: " + error.message()));
    }
    if (error) return close();
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    // An operation may take as long as the datapath does; the clock runs again when the answer is written.
    wire_->clock().expires_never();
    open_->works(number_);
    handle_({std::string(request.method_string()), std::string(request.target()), request.body(), caller_, access_},
            [self = this->shared_from_this()](const Reply& reply) {
              if (reply.follow) return self->go_on(reply);
              self->write(reply);
            });
  }

  // The wire and its place are the stream's from now on.
  void go_on(const Reply& reply) {
    std::shared_ptr<void> place(nullptr,
                                [open = open_, number = std::exchange(number_, 0)](void*) { open->remove(number); });
    auto stream = std::make_shared<HttpStream<Wire>>(std::move(wire_), actor_of(caller_),
                                                     limits_.stream_bytes_pending_max, std::move(place));
    stream->start();
    reply.follow(stream);
  }

  void write(const Reply& reply) {
    namespace http = boost::beast::http;
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(reply.status));
    response_.set(http::field::content_type, reply.content_type);
    response_.keep_alive(keep_alive_);
    response_.body() =
        reply.text ? *reply.text : reply.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    response_.prepare_payload();
    // A client that does not take its answer waits as one that does not ask.
    open_->waits(number_);
    wire_->clock().expires_after(limits_.request_timeout);
    http::async_write(wire_->stream(), response_,
                      [self = this->shared_from_this()](boost::beast::error_code error, std::size_t) {
                        if (error || !self->keep_alive_) return self->close();
                        self->read();
                      });
  }

  void close() {
    if (!wire_) return;
    boost::beast::error_code ignored;
    wire_->socket().shutdown(Wire::Socket::shutdown_both, ignored);
    wire_->socket().close(ignored);
  }

  std::unique_ptr<Wire> wire_;  // null once an answer goes on
  HttpLimits limits_;
  std::shared_ptr<OpenConnections> open_;
  OpenConnections::Number number_ = 0;
  Caller caller_;
  Access access_;
  Handle handle_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;
  boost::beast::http::response<boost::beast::http::string_body> response_;
  bool keep_alive_ = false;
};

}  // namespace guideway
