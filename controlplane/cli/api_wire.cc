// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/api_wire.hh"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <utility>

#include <fmt/core.h>
#include <boost/asio/ip/tcp.hpp>

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::beast::error_code;

constexpr std::size_t socket_path_max = 107;

}  // namespace

Result<void> SocketWire::prepare() {
  if (!path_.empty() && path_.size() <= socket_path_max) return {};
  return failure(
      fmt::format("\"{}\" is not the path of a socket; give one of up to {} characters", path_, socket_path_max));
}

void SocketWire::connect(Connected connected) {
  stream_.async_connect(asio::local::stream_protocol::endpoint(path_), std::move(connected));
}

Result<void> TlsClientWire::prepare() {
  auto endpoint = address_.endpoint();
  if (!endpoint) return failure_of(endpoint);
  endpoint_ = *endpoint;
  error_code error;
  const auto no = [&](const char* option, const std::string& file) {
    return failure(
        fmt::format("{} {} cannot be used: {}; give a PEM file that you may read", option, file, error.message()));
  };
  context_.use_certificate_chain_file(address_.certificate, error);
  if (error) return no("--certificate", address_.certificate);
  context_.use_private_key_file(address_.key, asio::ssl::context::pem, error);
  if (error) return no("--key", address_.key);
  context_.load_verify_file(address_.ca, error);
  if (error) return no("--ca", address_.ca);
  context_.set_verify_mode(asio::ssl::verify_peer);
  stream_.emplace(io_, context_);
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream_->native_handle()), endpoint_.address.text().c_str());
  return {};
}

void TlsClientWire::connect(Connected connected) {
  error_code ignored;
  const asio::ip::tcp::endpoint to(asio::ip::make_address(endpoint_.address.text(), ignored), endpoint_.port);
  clock().async_connect(to, [this, connected = std::move(connected)](const error_code& error) {
    if (error) return connected(error);
    stream_->async_handshake(asio::ssl::stream_base::client, connected);
  });
}

std::string TlsClientWire::why(const error_code& error) {
  const long verdict = SSL_get_verify_result(stream_->native_handle());
  if (verdict != X509_V_OK)
    return fmt::format("its certificate is not believed: {}; name its authority with --ca, or its address in --api",
                       X509_verify_cert_error_string(verdict));
  // TLS 1.3 lets a server say so only after the handshake.
  std::string text = error.message();
  if (text.find("alert") == std::string::npos) return text;
  return fmt::format(
      "it does not take this certificate: {}; give one that its client_ca has signed with --certificate "
      "and --key",
      text);
}

}  // namespace guideway
