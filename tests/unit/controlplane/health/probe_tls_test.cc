// SPDX-License-Identifier: Apache-2.0
// TLS and HTTPS before a real nginx: names, authorities, certificates that are over or soon will be.
#include <fstream>

#include "controlplane/health/tls_session.hh"
#include "tests/unit/controlplane/health/certificate_files.hh"
#include "tests/unit/controlplane/health/one_probe.hh"
#include "tests/unit/controlplane/health/real_server.hh"

namespace guideway {
namespace {

constexpr long day_s = 86400;

// Says what it was asked.
RealSetup echoing_nginx(const CertificateFiles& files) {
  return {{"nginx", "-c", "DIR/nginx.conf", "-e", "stderr"},
          {{"nginx.conf",
            "daemon off; master_process off; pid DIR/pid; error_log stderr; events { worker_connections 64; }\n"
            "http { access_log off; client_body_temp_path DIR/c; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f;\n"
            "uwsgi_temp_path DIR/u; scgi_temp_path DIR/s; server { listen 127.0.0.1:PORT ssl;\n"
            "ssl_certificate DIR/certificate.pem; ssl_certificate_key DIR/key.pem;\n"
            "location = /busy { return 503; } location / { return 200 "
            "'$ssl_server_name|$host|$request_method|$http_x_probe|$http_connection|$ssl_alpn_protocol'; } } }\n"},
           {"certificate.pem", files.certificate},
           {"key.pem", files.key}},
          {}};
}

class TlsTest : public testing::Test {
 protected:
  void serve(long seconds_left) {
    if (!is_installed("nginx")) GTEST_SKIP() << "no nginx here";
    server_ = std::make_unique<RealServer>(echoing_nginx(make_certificate(seconds_left)));
    ASSERT_TRUE(server_->is_up()) << server_->log();
    check_.kind = CheckKind::http;
    check_.tls = true;
    check_.timeout_ms = 20'000;
  }
  ProbeResult run() {
    boost::asio::io_context io;
    return probe(io, CheckTarget::of(*IpAddress::parse("127.0.0.1"), server_->port(), check_));
  }
  [[nodiscard]] std::string own_certificate() const { return server_->directory() + "/certificate.pem"; }

  std::unique_ptr<RealServer> server_;
  CheckConfig check_;
};

TEST_F(TlsTest, AsksWithEverythingItWasTold) {
  serve(90 * day_s);
  if (server_ == nullptr) return;
  check_.server_name = "sni.example";
  check_.host = "host.example";
  check_.method = "OPTIONS";
  check_.headers = {{"X-Probe", "7 of 9"}};
  check_.body = R"(regex:^sni\.example\|host\.example\|OPTIONS\|7 of 9\|close\|http/1\.1$)";
  expect_ok(run(), "HTTP status 200");
  check_.server_name.clear();
  check_.body = "regex:^host[.]example";
  expect_ok(run(), "HTTP status 200");
  check_.body = "something else";
  expect_failed(run(), "HTTP status 200, but its body has no something else");
  check_.body.clear();
  check_.method = "HEAD";
  expect_ok(run(), "HTTP status 200");
  check_.path = "/busy";
  check_.status = {{204, 204}, {300, 399}};
  expect_failed(run(), "HTTP status 503, wanted 204 or 300 to 399");
  check_.status = {{204, 204}, {503, 503}};
  expect_ok(run(), "HTTP status 503");
}

TEST_F(TlsTest, VerifiesAuthorityAndName) {
  serve(90 * day_s);
  if (server_ == nullptr) return;
  expect_ok(run(), "HTTP status 200");  // nobody asked
  check_.verify = true;
  expect_failed(run(), "TLS handshake failed: self-signed certificate");
  check_.ca_file = own_certificate();
  expect_ok(run(), "HTTP status 200");  // for the address
  check_.host = "shop.example:443";
  expect_ok(run(), "HTTP status 200");
  check_.server_name = "other.example";
  expect_failed(run(), "TLS handshake failed: hostname mismatch");
}

TEST_F(TlsTest, AFileOfAuthoritiesIsReadAnew) {
  serve(90 * day_s);
  if (server_ == nullptr) return;
  check_.verify = true;
  check_.ca_file = server_->directory() + "/authorities.pem";
  const ProbeResult missing = run();
  EXPECT_EQ(missing.outcome, ProbeOutcome::inconclusive);
  EXPECT_EQ(missing.detail,
            "this machine could not probe: no certificates from " + check_.ca_file + ": No such file or directory");
  std::ofstream(check_.ca_file) << make_certificate(day_s).certificate;
  expect_failed(run(), "TLS handshake failed: self-signed certificate");
  std::ofstream(check_.ca_file) << std::ifstream(own_certificate()).rdbuf();
  expect_ok(run(), "HTTP status 200");
}

TEST_F(TlsTest, WarnsOfACertificateThatExpiresSoon) {
  serve(5 * day_s + 3600);
  if (server_ == nullptr) return;
  check_.certificate_days = 5;
  EXPECT_EQ(run().warning, "");
  check_.certificate_days = 6;
  EXPECT_EQ(run().warning, "certificate expires in 5 days");
  check_.verify = true;
  check_.ca_file = own_certificate();
  const ProbeResult result = run();
  expect_ok(result, "HTTP status 200");
  EXPECT_EQ(result.warning, "certificate expires in 5 days");
  check_.certificate_days = 0;
  EXPECT_EQ(run().warning, "");
}

TEST_F(TlsTest, AnExpiredCertificateFailsOnlyWhoVerifies) {
  serve(-day_s);
  if (server_ == nullptr) return;
  const ProbeResult result = run();
  expect_ok(result, "HTTP status 200");
  EXPECT_EQ(result.warning, "certificate has expired");
  check_.verify = true;
  check_.ca_file = own_certificate();
  expect_failed(run(), "TLS handshake failed: certificate has expired");
}

TEST(Tls, DaysLeftInWords) {
  EXPECT_EQ(expiry_text(-1), "certificate has expired");
  EXPECT_EQ(expiry_text(0), "certificate expires within a day");
  EXPECT_EQ(expiry_text(1), "certificate expires in 1 day");
  EXPECT_EQ(expiry_text(9), "certificate expires in 9 days");
}

}  // namespace
}  // namespace guideway
