// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/tls_session.hh"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <map>
#include <utility>

namespace guideway {
namespace {

namespace ssl = boost::asio::ssl;

// What tells that a file is still the one that was read.
struct FileStamp {
  std::int64_t modified_ns = 0;
  std::int64_t bytes = -1;
  std::uint64_t inode = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec, status.st_size, status.st_ino};
}

Result<std::shared_ptr<ssl::context>> fresh_context(bool verify, const std::string& ca_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code error;
  context->set_verify_mode(verify ? ssl::verify_peer : ssl::verify_none, error);
  if (!verify) return context;
  if (ca_file.empty())
    context->set_default_verify_paths(error);
  else
    context->load_verify_file(ca_file, error);
  if (!error) return context;
  std::error_code unreadable;  // which OpenSSL does not tell in a sentence
  if (!ca_file.empty()) static_cast<void>(std::filesystem::file_size(ca_file, unreadable));
  return failure("no certificates from " + (ca_file.empty() ? "the system" : ca_file) + ": " +
                 (unreadable ? unreadable.message() : error.message()));
}

// The host without a port; brackets off.
std::string name_of_host(const std::string& host) {
  if (!host.empty() && host.front() == '[') return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

Result<std::shared_ptr<ssl::context>> tls_context(const CheckQuestion& question) {
  struct Known {
    FileStamp stamp;
    std::shared_ptr<ssl::context> context;
  };
  static std::map<std::pair<bool, std::string>, Known> known;
  Known& entry = known[{question.verify, question.ca_file}];
  const FileStamp stamp = question.ca_file.empty() ? FileStamp{} : stamp_of(question.ca_file);
  if (entry.context && entry.stamp == stamp) return entry.context;
  auto context = fresh_context(question.verify, question.ca_file);
  if (!context) return context;
  entry = {stamp, *context};
  return entry.context;
}

void prepare_tls(ssl_st* session, const CheckTarget& target, std::string_view protocol_inside) {
  const std::string name = !target.server_name.empty() ? target.server_name : name_of_host(target.host);
  const bool is_name = !name.empty() && !IpAddress::parse(name);
  if (is_name) {
    SSL_set_tlsext_host_name(session, name.c_str());
    SSL_set1_host(session, name.c_str());
  } else {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.empty() ? target.address.text().c_str() : name.c_str());
  }
  if (protocol_inside.empty()) return;
  std::string offered(1, static_cast<char>(protocol_inside.size()));
  offered += protocol_inside;
  SSL_set_alpn_protos(session, reinterpret_cast<const unsigned char*>(offered.data()),
                      static_cast<unsigned>(offered.size()));
}

std::string tls_failure(ssl_st* session, const std::string& error) {
  const long verdict = SSL_get_verify_result(session);
  return "TLS handshake failed: " + (verdict == X509_V_OK ? error : X509_verify_cert_error_string(verdict));
}

std::string certificate_warning(ssl_st* session, std::uint32_t days) {
  const X509* certificate = SSL_get0_peer_certificate(session);
  if (certificate == nullptr || days == 0) return "";
  int days_left = 0;
  int seconds_left = 0;
  if (ASN1_TIME_diff(&days_left, &seconds_left, nullptr, X509_get0_notAfter(certificate)) != 1) return "";
  if (seconds_left < 0) --days_left;  // both have the same sign
  return days_left < static_cast<int>(days) ? expiry_text(days_left) : "";
}

std::string expiry_text(std::int64_t days_left) {
  if (days_left < 0) return "certificate has expired";
  if (days_left == 0) return "certificate expires within a day";
  return "certificate expires in " + std::to_string(days_left) + (days_left == 1 ? " day" : " days");
}

}  // namespace guideway
