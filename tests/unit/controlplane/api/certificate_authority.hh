// SPDX-License-Identifier: Apache-2.0
// An authority of a test, which signs certificates for servers (127.0.0.1) and clients; all PEM files in a directory.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace guideway {

class CertificateAuthority {
 public:
  CertificateAuthority(std::string directory, const std::string& name)
      : directory_(std::move(directory)), key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    fill(certificate_.get(), {{"CN", name}}, key_.get());
    X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
    extend(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate_.get(), key_.get(), EVP_sha256());
    file_ = write(name, certificate_.get(), key_.get()).certificate;
  }

  [[nodiscard]] const std::string& file() const { return file_; }

  struct Files {
    std::string certificate;
    std::string key;
  };
  using Subject = std::vector<std::pair<const char*, std::string>>;  // "CN", "alice"

  // `usage`: "serverAuth" or "clientAuth". Files of the same name are replaced.
  Files issue(const std::string& name, const Subject& subject, const char* usage, long seconds_left = 86400) {
    const Key key(EVP_EC_gen("P-256"));
    const Certificate certificate(X509_new());
    fill(certificate.get(), subject, key.get(), seconds_left);
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
    extend(certificate.get(), NID_ext_key_usage, usage);
    extend(certificate.get(), NID_subject_alt_name, "IP:127.0.0.1");
    X509_sign(certificate.get(), key_.get(), EVP_sha256());
    return write(name, certificate.get(), key.get());
  }

 private:
  template <auto free>
  struct Free {
    template <typename T>
    void operator()(T* value) const {
      free(value);
    }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Free<X509_free>>;

  void fill(X509* certificate, const Subject& subject, EVP_PKEY* key, long seconds_left = 86400) {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial_);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -1'000'000);
    X509_gmtime_adj(X509_getm_notAfter(certificate), seconds_left);
    for (const auto& [kind, value] : subject)
      X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), kind, MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
    X509_set_pubkey(certificate, key);
  }

  static void extend(X509* certificate, int kind, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  [[nodiscard]] Files write(const std::string& name, X509* certificate, EVP_PKEY* key) const {
    Files files{directory_ + "/" + name + ".pem", directory_ + "/" + name + ".key"};
    const std::unique_ptr<std::FILE, Free<std::fclose>> shown(std::fopen(files.certificate.c_str(), "w"));
    const std::unique_ptr<std::FILE, Free<std::fclose>> kept(std::fopen(files.key.c_str(), "w"));
    EXPECT_TRUE(shown && kept);
    EXPECT_EQ(PEM_write_X509(shown.get(), certificate), 1);
    EXPECT_EQ(PEM_write_PrivateKey(kept.get(), key, nullptr, nullptr, 0, nullptr, nullptr), 1);
    return files;
  }

  std::string directory_;
  Key key_;
  Certificate certificate_;
  std::string file_;
  long serial_ = 0;
};

}  // namespace guideway
