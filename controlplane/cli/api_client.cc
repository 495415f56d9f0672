// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/api_client.hh"

#include <array>
#include <chrono>

#include <fmt/core.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace guideway {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Socket = beast::basic_stream<asio::local::stream_protocol>;

constexpr std::size_t socket_path_max = 107;
constexpr std::size_t reply_bytes_max = 256U << 20U;  // a million backends fit

// The whole exchange on one io_context, so that a daemon that accepts and then says nothing ends in an error as well.
class Exchange {
 public:
  Exchange(std::string path, http::request<http::string_body> request)
      : path_(std::move(path)), request_(std::move(request)), socket_(io_) {
    parser_.body_limit(reply_bytes_max);
  }

  tl::expected<ApiReply, ApiFailure> run() {
    socket_.expires_after(std::chrono::seconds(60));
    connect();
    io_.run();
    if (!connected_)
      return tl::unexpected(
          ApiFailure{true, fmt::format("guidewayd cannot be reached at {}: {}; start it, or name its socket with --api",
                                       path_, error_.message())});
    if (error_) return tl::unexpected(ApiFailure{true, fmt::format("guidewayd did not answer: {}", error_.message())});
    ApiReply reply{parser_.get().result_int(), nlohmann::json::parse(parser_.get().body(), nullptr, false)};
    if (reply.body.is_discarded())
      return tl::unexpected(ApiFailure{
          false, fmt::format("what listens at {} does not answer in JSON; name guidewayd's socket with --api", path_)});
    return reply;
  }

 private:
  void connect() {
    socket_.async_connect(asio::local::stream_protocol::endpoint(path_), [this](const beast::error_code& error) {
      if (failed(error)) return;
      connected_ = true;
      http::async_write(socket_, request_, [this](const beast::error_code& write_error, std::size_t) {
        if (failed(write_error)) return;
        http::async_read(socket_, buffer_, parser_,
                         [this](const beast::error_code& read_error, std::size_t) { (void)failed(read_error); });
      });
    });
  }

  bool failed(const beast::error_code& error) {
    error_ = error;
    return static_cast<bool>(error);
  }

  std::string path_;
  http::request<http::string_body> request_;
  asio::io_context io_;
  Socket socket_;
  beast::flat_buffer buffer_;
  http::response_parser<http::string_body> parser_;
  beast::error_code error_;
  bool connected_ = false;
};

tl::expected<ApiReply, ApiFailure> exchange(const std::string& path, http::verb verb, const std::string& target,
                                            const nlohmann::json* body) {
  if (path.empty() || path.size() > socket_path_max)
    return tl::unexpected(ApiFailure{
        true,
        fmt::format("\"{}\" is not the path of a socket; give one of up to {} characters", path, socket_path_max)});
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
  return Exchange(path, std::move(request)).run();
}

}  // namespace

tl::expected<ApiReply, ApiFailure> ApiClient::get(const std::string& target) const {
  return exchange(socket_path_, http::verb::get, target, nullptr);
}

tl::expected<ApiReply, ApiFailure> ApiClient::post(const std::string& target, const nlohmann::json& body) const {
  return exchange(socket_path_, http::verb::post, target, &body);
}

tl::expected<ApiReply, ApiFailure> ApiClient::follow(const std::string& target,
                                                     const std::function<void(const std::string&)>& line) const {
  http::request<http::empty_body> request{http::verb::get, target, 11};
  request.set(http::field::host, "localhost");
  asio::io_context io;
  asio::local::stream_protocol::socket socket(io);
  beast::error_code error;
  if (socket_path_.size() <= socket_path_max) socket.connect(socket_path_, error);
  if (error || !socket.is_open())
    return tl::unexpected(
        ApiFailure{true, fmt::format("guidewayd cannot be reached at {}: {}; start it, or name its socket with --api",
                                     socket_path_, error.message())});
  beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(UINT64_MAX);  // none at all would be too small for any answer of known length
  http::write(socket, request, error);
  if (!error) http::read_header(socket, buffer, parser, error);
  std::array<char, 65536> piece{};
  std::string text;
  const bool is_stream = parser.get().result_int() == 200;
  while (!error && !parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    http::read_some(socket, buffer, parser, error);  // not until the piece is full: what is there counts
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
