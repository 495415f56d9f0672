// SPDX-License-Identifier: Apache-2.0
// http_client.hh's request and answer, inside TLS and with a certificate; or, of a handshake that fails, why.
#pragma once

#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <nlohmann/json.hpp>

#include "tests/unit/controlplane/api/certificate_authority.hh"

namespace guideway {

class TlsClient {
 public:
  // Without files it shows none.
  TlsClient(std::uint16_t port, const std::string& believed, const std::optional<CertificateAuthority::Files>& shown,
            boost::asio::ssl::context::method method = boost::asio::ssl::context::tlsv13_client)
      : context_(method) {
    context_.load_verify_file(believed);
    context_.set_verify_mode(boost::asio::ssl::verify_peer);
    if (shown) {
      context_.use_certificate_chain_file(shown->certificate);
      context_.use_private_key_file(shown->key, boost::asio::ssl::context::pem);
    }
    stream_.emplace(io_, context_);
    stream_->next_layer().connect({boost::asio::ip::address_v4::loopback(), port}, error_);
    if (!error_) stream_->handshake(boost::asio::ssl::stream_base::client, error_);
  }

  struct Answer {
    int status = 0;  // 0: none, for the reason in `text`
    nlohmann::json body;
    std::string text;
  };

  Answer ask(const std::string& method, const std::string& target, const std::string& body = "") {
    Answer answer;
    send(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body);
    boost::system::error_code end;
    if (!error_) boost::asio::read(*stream_, boost::asio::dynamic_buffer(answer.text), end);
    if (answer.text.rfind("HTTP/1.1 ", 0) != 0) {
      answer.text = error_ ? error_.message() : end.message();
      return answer;
    }
    answer.status = std::stoi(answer.text.substr(9));
    answer.body = nlohmann::json::parse(answer.text.substr(answer.text.find("\r\n\r\n") + 4), nullptr, false);
    return answer;
  }
  void send(const std::string& text) {
    if (!error_) boost::asio::write(*stream_, boost::asio::buffer(text), error_);
  }
  // What comes next; empty at the end.
  std::string some() {
    std::string piece(4096, '\0');
    boost::system::error_code end;
    piece.resize(stream_->read_some(boost::asio::buffer(piece), end));
    return piece;
  }
  [[nodiscard]] int socket() { return stream_->next_layer().native_handle(); }

 private:
  boost::asio::io_context io_;
  boost::asio::ssl::context context_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> stream_;
  boost::system::error_code error_;
};

}  // namespace guideway
