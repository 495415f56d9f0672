// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_http.hh"

#include <array>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_static_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <limits>
#include <utility>

#include "controlplane/health/connecting_probe.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t header_bytes_max = std::size_t{16} * 1024;
constexpr std::size_t body_bytes_max = std::size_t{64} * 1024;

class HttpProbe final : public ConnectingProbe {
 public:
  HttpProbe(asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)) {
    parser_.header_limit(header_bytes_max);
    // A body above our own limit is no error: it is left unread.
    parser_.body_limit(std::numeric_limits<std::uint64_t>::max());
  }

 private:
  void on_connected() override {
    request_ = "GET " + target_.path + " HTTP/1.1\r\nHost: " + target_.host +
               "\r\nUser-Agent: guideway-check\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    const auto self = shared_from_this();
    asio::async_write(socket_, asio::buffer(request_), [this, self](const error_code& error, std::size_t) {
      // A server may answer and close before it has read all; what it said is then still to be read.
      if (finished()) return;
      if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) return fail(error);
      http::async_read_header(socket_, buffer_, parser_,
                              [this, self](const error_code& result, std::size_t) { on_header(result); });
    });
  }

  [[nodiscard]] std::string awaited() const override {
    return parser_.is_header_done() ? "end of the HTTP response" : "HTTP response";
  }

  void on_header(const error_code& error) {
    if (finished()) return;
    if (error) return fail_reading(error);
    const unsigned status = parser_.get().result_int();
    if (status < target_.status_min || status > target_.status_max) {
      return finish(ProbeOutcome::failed, status_text() + ", wanted " + std::to_string(target_.status_min) + " to " +
                                              std::to_string(target_.status_max));
    }
    read_body();
  }

  void read_body() {
    if (parser_.is_done() || body_bytes_ >= body_bytes_max) return finish(ProbeOutcome::ok, status_text());
    parser_.get().body().data = discarded_.data();
    parser_.get().body().size = discarded_.size();
    const auto self = shared_from_this();
    http::async_read(socket_, buffer_, parser_, [this, self](const error_code& error, std::size_t) {
      if (finished()) return;
      body_bytes_ += discarded_.size() - parser_.get().body().size;
      if (error && error != http::error::need_buffer) return fail_reading(error);
      read_body();
    });
  }

  void fail_reading(const error_code& error) {
    if (error == http::error::end_of_stream) {
      return finish(ProbeOutcome::failed, "connection closed before an HTTP response");
    }
    if (error == http::error::partial_message) {
      return finish(ProbeOutcome::failed, "connection closed in the middle of the HTTP response");
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
      return finish(ProbeOutcome::failed, "HTTP response header above " + std::to_string(header_bytes_max) + " bytes");
    }
    if (error.category() == http::make_error_code(http::error::bad_version).category()) {
      return finish(ProbeOutcome::failed, "not a well-formed HTTP response (" + error.message() + ")");
    }
    fail(error);
  }

  [[nodiscard]] std::string status_text() const { return "HTTP status " + std::to_string(parser_.get().result_int()); }

  std::string request_;
  boost::beast::flat_static_buffer<header_bytes_max + 4096> buffer_;
  http::response_parser<http::buffer_body> parser_;
  std::array<char, 4096> discarded_{};
  std::size_t body_bytes_ = 0;
};

}  // namespace

std::shared_ptr<Probe> start_http_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<HttpProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
