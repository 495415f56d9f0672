// SPDX-License-Identifier: Apache-2.0
// Every checker with its real server: it passes, and tells apart a server that is slow, another one, not there, on a
// host that is gone, hung and stopped.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/health/certificate_files.hh"
#include "tests/unit/controlplane/health/check_of.hh"
#include "tests/unit/controlplane/health/checker_trial.hh"

namespace guideway {
namespace {

CheckConfig http_check(bool tls) {
  CheckConfig check = check_of(CheckKind::http);
  check.path = "/healthz";
  check.body = "regex:^all is \\w+";
  check.tls = tls;
  return check;
}

std::string nginx_conf(const std::string& listen) {
  std::string temporary;
  for (const char* what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
    temporary += std::string(what) + "_temp_path DIR/" + what + "; ";
  return "daemon off; master_process off; pid DIR/pid; error_log stderr; events { worker_connections 64; }\n"
         "http { access_log off; " +
         temporary + "server { listen 127.0.0.1:PORT" + listen +
         "; location = /healthz { return 200 'all is well'; } } }\n";
}

RealSetup nginx(const std::string& listen) {
  const CertificateFiles files = make_certificate(90L * 86400);
  return {{"nginx", "-c", "DIR/nginx.conf", "-e", "stderr"},
          {{"nginx.conf", nginx_conf(listen)}, {"certificate.pem", files.certificate}, {"key.pem", files.key}},
          {}};
}

const std::string over_tls = " ssl; ssl_certificate DIR/certificate.pem; ssl_certificate_key DIR/key.pem";

TEST(Checkers, Tcp) {
  CheckConfig check = check_of(CheckKind::tcp);
  check.send = R"(OPTIONS / HTTP/1.0\r\n\r\n)";
  check.expect = "Server: nginx";
  try_checker({"nginx", nginx(""), check, "answered as expected", "answer to what was sent with \"Server: nginx\"",
               std::string(20'000, 'x'),
               "answered what was sent with \"" + std::string(60, 'x') +
                   "...\" and more than 16384 bytes, wanted \"Server: nginx\""});
}

TEST(Checkers, Tls) {
  CheckConfig check = check_of(CheckKind::tcp);
  check.tls = true;
  try_checker({"nginx", nginx(over_tls), check, "connected", "TLS handshake", "220 ready\r\n",
               "TLS handshake failed: wrong version number"});
}

TEST(Checkers, Http) {
  try_checker({"nginx", nginx(""), http_check(false), "HTTP status 200", "HTTP response", "220 ready\r\n",
               "not a well-formed HTTP response (bad version): \"220 ready\""});
}

TEST(Checkers, Https) {
  try_checker({"nginx", nginx(over_tls), http_check(true), "HTTP status 200", "TLS handshake", "220 ready\r\n",
               "TLS handshake failed: wrong version number"});
}

TEST(Checkers, Redis) {
  try_checker({"redis-server",
               {{"redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR"}, {}, {}},
               check_of(CheckKind::redis),
               "answered as expected",
               "answer to PING with +PONG",
               "220 ready\r\n",
               "answered PING with \"220 ready\", wanted +PONG"});
}

TEST(Checkers, Memcached) {
  try_checker({"memcached",
               {{"memcached", "-p", "PORT", "-U", "0", "-l", "127.0.0.1", "-u", "nobody", "-m", "8"}, {}, {}},
               check_of(CheckKind::memcached),
               "answered as expected",
               "answer to version with VERSION",
               "220 ready\r\n",
               "answered version with \"220 ready\", wanted VERSION"});
}

TEST(Checkers, Smtp) {
  try_checker({"aiosmtpd",
               {{"aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", "127.0.0.1:PORT"}, {}, {}},
               check_of(CheckKind::smtp),
               "answered as expected",
               "greeting with 220",
               "554 no service\r\n",
               "greeted with \"554 no service\", wanted 220"});
}

// There is no agent but those that people write.
const std::string agent_program = R"(
import socketserver

class Agent(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"75% ready " + self.rfile.readline())

socketserver.TCPServer(("127.0.0.1", PORT), Agent).serve_forever()
)";

TEST(Checkers, Agent) {
  CheckConfig check = check_of(CheckKind::agent);
  check.send = "up #fine\\n";
  try_checker({"python3",
               {{"python3", "DIR/agent.py"}, {{"agent.py", agent_program}}, {}},
               check,
               "the agent says 75% up ready #fine",
               "line from the agent",
               "220 ready\r\n",
               "the agent said \"220\", which is none of its words"});
}

}  // namespace
}  // namespace guideway
