// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/api_client.hh"

#include <array>
#include <chrono>
#include <utility>

#include <fmt/core.h>
#include <boost/beast/http.hpp>

#include "controlplane/cli/api_wire.hh"

namespace guideway {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using Outcome = tl::expected<ApiReply, ApiFailure>;

constexpr std::size_t reply_bytes_max = 256U << 20U;  // a million backends fit

Outcome unreachable(const ApiAddress& address, const std::string& why) {
  return tl::unexpected(
      ApiFailure{true, fmt::format("guidewayd cannot be reached at {}: {}; start it, or name its {} with --api",
                                   address.where, why, address.is_tls() ? "address" : "socket")});
}

Outcome silent(const std::string& why) { return tl::unexpected(ApiFailure{true, "guidewayd did not answer: " + why}); }

// The whole exchange on one io_context, so that a daemon that accepts and then says nothing ends in an error as well.
template <typename Wire>
class Exchange {
 public:
  Exchange(const ApiAddress& address, http::request<http::string_body> request)
      : address_(address), request_(std::move(request)), wire_(io_, address) {
    parser_.body_limit(reply_bytes_max);
  }

  Outcome run() {
    if (auto prepared = wire_.prepare(); !prepared) return tl::unexpected(ApiFailure{true, prepared.error().message});
    wire_.clock().expires_after(std::chrono::seconds(60));
    wire_.connect([this](const beast::error_code& error) { connected(error); });
    io_.run();
    if (!connected_) return unreachable(address_, wire_.why(error_));
    if (error_) return silent(wire_.why(error_));
    ApiReply reply{parser_.get().result_int(), nlohmann::json::parse(parser_.get().body(), nullptr, false)};
    if (reply.body.is_discarded())
      return tl::unexpected(
          ApiFailure{false, fmt::format("what listens at {} does not answer in JSON; name guidewayd's {} with --api",
                                        address_.where, address_.is_tls() ? "address" : "socket")});
    return reply;
  }

 private:
  void connected(const beast::error_code& error) {
    if (failed(error)) return;
    connected_ = true;
    http::async_write(wire_.stream(), request_, [this](const beast::error_code& write_error, std::size_t) {
      if (failed(write_error)) return;
      http::async_read(wire_.stream(), buffer_, parser_,
                       [this](const beast::error_code& read_error, std::size_t) { (void)failed(read_error); });
    });
  }

  bool failed(const beast::error_code& error) {
    error_ = error;
    return static_cast<bool>(error);
  }

  const ApiAddress& address_;
  http::request<http::string_body> request_;
  boost::asio::io_context io_;
  Wire wire_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
  bool connected_ = false;
};

Outcome exchange(const ApiAddress& address, http::verb verb, const std::string& target, const nlohmann::json* body) {
  http::request<http::string_body> request{verb, target, 11};
  request.set(http::field::host, "localhost");
  request.set(http::field::accept, "application/json");
  request.keep_alive(false);
  if (body != nullptr) {
    request.set(http::field::content_type, "application/json");
    // Bytes of the command line that are not UTF-8 must not end the program.
    request.body() = body->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  }
  request.prepare_payload();
  if (address.is_tls()) return Exchange<TlsClientWire>(address, std::move(request)).run();
  return Exchange<SocketWire>(address, std::move(request)).run();
}

// Reads as it comes, without a time limit.
template <typename Wire>
Outcome follow_by(const ApiAddress& address, const std::string& target,
                  const std::function<void(const std::string&)>& line) {
  boost::asio::io_context io;
  Wire wire(io, address);
  if (auto prepared = wire.prepare(); !prepared) return tl::unexpected(ApiFailure{true, prepared.error().message});
  beast::error_code error;
  wire.clock().expires_after(std::chrono::seconds(60));
  wire.connect([&](const beast::error_code& outcome) { error = outcome; });
  io.run();
  if (error) return unreachable(address, wire.why(error));
  wire.clock().expires_never();
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "localhost");
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(UINT64_MAX);  // none at all would be too small for any answer of known length
  http::write(wire.stream(), request, error);
  if (!error) http::read_header(wire.stream(), buffer, parser, error);
  if (error) return silent(wire.why(error));
  std::array<char, 65536> piece{};
  std::string text;
  const bool is_stream = parser.get().result_int() == 200;
  while (!error && !parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    http::read_some(wire.stream(), buffer, parser, error);  // not until the piece is full: what is there counts
    if (error == http::error::need_buffer) error = {};
    text.append(piece.data(), piece.size() - parser.get().body().size);
    for (std::size_t end = text.find('\n'); is_stream && end != std::string::npos; end = text.find('\n')) {
      line(text.substr(0, end));
      text.erase(0, end + 1);
    }
  }
  if (error) return tl::unexpected(ApiFailure{true, "guidewayd has ended the answer: " + error.message()});
  return ApiReply{parser.get().result_int(), nlohmann::json::parse(is_stream ? "{}" : text, nullptr, false)};
}

}  // namespace

Outcome ApiClient::get(const std::string& target) const { return exchange(address_, http::verb::get, target, nullptr); }

Outcome ApiClient::post(const std::string& target, const nlohmann::json& body) const {
  return exchange(address_, http::verb::post, target, &body);
}

Outcome ApiClient::follow(const std::string& target, const std::function<void(const std::string&)>& line) const {
  if (address_.is_tls()) return follow_by<TlsClientWire>(address_, target, line);
  return follow_by<SocketWire>(address_, target, line);
}

std::string percent_encoded(const std::string& text) {
  std::string result;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || c == '.' || c == '~';
    if (is_plain)
      result += c;
    else
      result += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace guideway
