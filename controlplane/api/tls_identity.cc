// SPDX-License-Identifier: Apache-2.0
#include "controlplane/api/tls_identity.hh"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include <spdlog/spdlog.h>
#include <boost/asio/ssl/context.hpp>

namespace guideway {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

template <auto free>
struct Free {
  template <typename T>
  void operator()(T* value) const {
    free(value);
  }
};

// RFC 2253, names first as people write them: "CN=alice,O=ops".
std::string subject_of(const X509* certificate) {
  const std::unique_ptr<BIO, Free<BIO_free_all>> text(BIO_new(BIO_s_mem()));
  if (!text) return "";
  X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* bytes = nullptr;
  const long length = BIO_get_mem_data(text.get(), &bytes);
  return length > 0 ? std::string(bytes, static_cast<std::size_t>(length)) : "";
}

// Of several common names nobody could tell which is meant: then there is none.
std::string common_name_of(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return "";
  unsigned char* bytes = nullptr;
  const int length = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
  if (length < 0) return "";
  std::string name(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length));
  OPENSSL_free(bytes);
  return name;
}

}  // namespace

Result<TlsIdentity> TlsIdentity::load(const ApiTlsConfig& config) {
  TlsIdentity identity(config);
  auto read = identity.read();
  if (!read) return failure_of(read);
  return identity;
}

TlsIdentity::Stamp TlsIdentity::stamp() const {
  Stamp stamp{};
  std::size_t at = 0;
  for (const std::string* path : {&config_.certificate, &config_.key, &config_.client_ca}) {
    struct stat status {};
    const bool is_there = ::stat(path->c_str(), &status) == 0;
    stamp.at(at++) = is_there ? status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec : 0;
    stamp.at(at++) = is_there ? status.st_size : -1;
    stamp.at(at++) = is_there ? static_cast<std::int64_t>(status.st_ino) : 0;
  }
  return stamp;
}

Result<void> TlsIdentity::read() {
  stamp_ = stamp();
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_3_VERSION);
  // Each client shows its certificate anew.
  SSL_CTX_set_session_cache_mode(context->native_handle(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context->native_handle(), 0);
  error_code error;
  context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, error);
  const auto no = [&](const char* key, const std::string& path) {
    return failure("api_tls." + std::string(key) + ": " + path + " cannot be used: " + error.message() +
                   "; give a PEM file that guidewayd may read");
  };
  context->use_certificate_chain_file(config_.certificate, error);
  if (error) return no("certificate", config_.certificate);
  context->use_private_key_file(config_.key, ssl::context::pem, error);
  if (error) return no("key", config_.key);
  context->load_verify_file(config_.client_ca, error);
  if (error) return no("client_ca", config_.client_ca);
  // Tells clients whose certificates are taken.
  SSL_CTX_set_client_CA_list(context->native_handle(), SSL_load_client_CA_file(config_.client_ca.c_str()));
  context_ = std::move(context);
  return {};
}

std::shared_ptr<ssl::context> TlsIdentity::context() {
  if (stamp() == stamp_) return context_;
  auto renewed = read();
  if (renewed)
    spdlog::info("api event=certificates_read certificate=\"{}\"", config_.certificate);
  else
    spdlog::error("api event=certificates_not_read error=\"{}\"", renewed.error().message);
  return context_;
}

Caller TlsIdentity::caller_of(ssl_st* session) {
  Caller caller;
  const X509* certificate = SSL_get0_peer_certificate(session);
  if (certificate == nullptr) return caller;
  caller.certificate = subject_of(certificate);
  // Also one that names nobody is no user of this machine.
  if (caller.certificate.empty()) caller.certificate = "without a subject";
  caller.common_name = common_name_of(certificate);
  return caller;
}

Access TlsIdentity::access_of(const Caller& caller) const {
  if (caller.certificate.empty()) return Access::none;
  const auto& names = config_.administrators;
  const bool may_administer =
      !caller.common_name.empty() && std::find(names.begin(), names.end(), caller.common_name) != names.end();
  return may_administer ? Access::administer : Access::read;
}

}  // namespace guideway
