// SPDX-License-Identifier: Apache-2.0
// The real guidewayd and the real command line, by TLS: what each says, and what the audit log knows afterwards.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/api/certificate_authority.hh"
#include "tests/unit/controlplane/api/daemon_process.hh"
#include "tests/unit/controlplane/free_port.hh"

namespace guideway {
namespace {

using Files = CertificateAuthority::Files;

class DaemonTlsTest : public DaemonTest {
 protected:
  void SetUp() override {
    authority_.emplace(directory_, "authority");
    const Files shown = authority_->issue("server", {{"CN", "guidewayd"}}, "serverAuth");
    alice_ = authority_->issue("alice", {{"O", "ops"}, {"CN", "alice"}}, "clientAuth");
    bob_ = authority_->issue("bob", {{"CN", "bob"}}, "clientAuth");
    listen_as(1);
    tls_port_ = free_port();
    write_config(config_with({backend("a", 1)}) + "[api_tls]\nlisten = \"127.0.0.1:" + std::to_string(tls_port_) +
                 "\"\ncertificate = \"" + shown.certificate + "\"\nkey = \"" + shown.key + "\"\nclient_ca = \"" +
                 authority_->file() + "\"\nadministrators = [\"alice\"]\n");
    start();
  }

  // The command line's output, both streams, and its exit status at the end.
  [[nodiscard]] std::string guideway(const std::string& options, const std::string& words) const {
    const std::string command = std::string(std::getenv("GUIDEWAY_PROGRAM")) +
                                " --api https://127.0.0.1:" + std::to_string(tls_port_) + " " + options + " " + words +
                                " 2>&1; echo \"status $?\"";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
    ::pclose(pipe);
    return text;
  }
  [[nodiscard]] std::string as(const Files& files) const {
    return "--certificate " + files.certificate + " --key " + files.key + " --ca " + authority_->file();
  }

  std::optional<CertificateAuthority> authority_;
  Files alice_;
  Files bob_;
  std::uint16_t tls_port_ = 0;
};

TEST_F(DaemonTlsTest, TheCommandLineAdministersWithACertificate) {
  EXPECT_NE(guideway(as(alice_), "status").find("services      1\n"), std::string::npos);
  EXPECT_EQ(guideway(as(alice_), "backend weight web a 3"),
            "backend a of pool web has weight 3 (durable; datapath: not connected)\nstatus 0\n");
  EXPECT_EQ(backend_of("a")["weight"], 3);
  const nlohmann::json history = get("/v1/config/history")["history"];
  EXPECT_EQ(history.back()["who"], (nlohmann::json{{"name", "alice"}, {"certificate", "CN=alice,O=ops"}}));
  EXPECT_TRUE(says("edit", "backend.weight web/a 3, by alice (certificate CN=alice,O=ops)"));
  std::ifstream stream(directory_ + "/state/audit.log");
  std::string line;
  std::getline(stream, line);
  const auto asked = nlohmann::json::parse(line);
  EXPECT_EQ(asked["certificate"], "CN=alice,O=ops") << line;
  EXPECT_FALSE(asked.contains("uid") || asked.contains("pid")) << line;
  std::getline(stream, line);
  EXPECT_EQ(nlohmann::json::parse(line)["certificate"], "CN=alice,O=ops") << line;
}

TEST_F(DaemonTlsTest, OthersLook) {
  EXPECT_NE(guideway(as(bob_), "backend show web/a").find("backend     web/a\n"), std::string::npos);
  EXPECT_EQ(guideway(as(bob_), "backend weight web a 3"),
            "guideway: certificate CN=bob may look, but neither change anything nor see the configuration and its "
            "secrets: that takes a common name of api_tls.administrators\nstatus 1\n");
  EXPECT_NE(guideway(as(bob_), "events --lines 5").find("guidewayd"), std::string::npos);
}

TEST_F(DaemonTlsTest, WhatIsWrongIsASentence) {
  const std::string where = "https://127.0.0.1:" + std::to_string(tls_port_);
  EXPECT_EQ(guideway("", "status"),
            "guideway: " + where +
                " takes a certificate, its key and the authority of guidewayd's; --certificate is "
                "missing\nstatus 3\n");
  CertificateAuthority other(directory_, "other");
  const Files mallory = other.issue("mallory", {{"CN", "alice"}}, "clientAuth");
  const std::string stranger = guideway(as(mallory), "status");
  EXPECT_NE(stranger.find("it does not take this certificate: "), std::string::npos) << stranger;
  EXPECT_NE(stranger.find("status 3"), std::string::npos) << stranger;
  const std::string disbelief =
      guideway("--certificate " + alice_.certificate + " --key " + alice_.key + " --ca " + other.file(), "status");
  EXPECT_NE(disbelief.find("its certificate is not believed: "), std::string::npos) << disbelief;
  EXPECT_NE(disbelief.find("status 3"), std::string::npos) << disbelief;
  EXPECT_NE(guideway("--certificate /nothing --key " + alice_.key + " --ca " + authority_->file(), "status")
                .find("--certificate /nothing cannot be used: "),
            std::string::npos);
}

TEST_F(DaemonTlsTest, AnAddressThatIsNotLoopbackIsRefused) {
  kill(SIGTERM);
  std::ifstream stream(config_);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  text.replace(text.find("127.0.0.1:" + std::to_string(tls_port_)), 9, "192.0.2.1");
  write_config(text);
  int status = 0;
  ::waitpid(spawn(), &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_NE(log().find("is not an address of loopback"), std::string::npos) << log();
}

}  // namespace
}  // namespace guideway
