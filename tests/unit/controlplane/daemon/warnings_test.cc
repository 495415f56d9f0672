// SPDX-License-Identifier: Apache-2.0
#include "controlplane/daemon/warnings.hh"

#include <gtest/gtest.h>

#include "controlplane/config/load.hh"

namespace guideway {
namespace {

using Sentences = std::vector<std::string>;

Config config_of(const std::string& text) {
  const auto config = load_config_text("hash_key = \"00112233445566778899aabbccddeeff\"\n" + text, "conf.toml");
  EXPECT_TRUE(config.has_value()) << text_of(config.error());
  return config.value_or(Config{});
}

std::string service_text(const std::string& name, int port, const std::string& rest) {
  return "[[service]]\nname = \"" + name + "\"\naddress = \"192.0.2.1\"\nport = " + std::to_string(port) + "\n" + rest;
}

TEST(Warnings, ChecksThatThisMachineCannotMake) {
  const Config config = config_of(
      service_text("web", 80, "backends = [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\", \"10.0.0.4\", \"10.0.0.5\"]\n"));
  std::map<BackendKey, BackendRecord> records;
  for (std::uint32_t i = 0; i < 5; ++i) {
    const BackendConfig& backend = config.pools.at(0).backends.at(i);
    records[{"web", backend.name}] = {i, 1, backend, false, false};
  }
  HealthBoard board([](const HealthBoard::Entry&, const HealthState&) {});
  board.sync(records, config, 0);
  EXPECT_EQ(warnings_of_services(board, config, {}), (Sentences{"this service has no backend that is up: web"}));
  EXPECT_EQ(
      warnings_of_reach(board, {{0, "no route"}}),
      (Sentences{"the way to these backends is not known (no route): web/10.0.0.1",
                 "the way to these backends is not known (not asked yet): web/10.0.0.2, web/10.0.0.3, web/10.0.0.4 "
                 "and 1 more"}));
  EXPECT_EQ(warnings_of_checks(board), Sentences{});
  const std::string why = "this machine could not probe: Too many open files";
  for (std::uint32_t i = 0; i < 4; ++i) board.check_result(i, {ProbeOutcome::inconclusive, why, 0}, 10);
  board.check_result(4, {ProbeOutcome::failed, "connection refused", 0}, 10);
  EXPECT_EQ(warnings_of_checks(board),
            (Sentences{"checks tell nothing and move no backend (this machine could not probe: Too many open files): "
                       "web/10.0.0.1, web/10.0.0.2, web/10.0.0.3 and 1 more"}));
  for (std::uint32_t i = 0; i < 4; ++i) board.check_result(i, {ProbeOutcome::ok, "", 5}, 20);
  EXPECT_EQ(warnings_of_checks(board), Sentences{});
  for (std::uint32_t i = 0; i < 2; ++i)
    board.check_result(i, {ProbeOutcome::ok, "", 5, "certificate expires in 5 days"}, 30);
  EXPECT_EQ(warnings_of_checks(board), Sentences{"certificate expires in 5 days: web/10.0.0.1, web/10.0.0.2"});
}

TEST(Warnings, ACheckThatCannotBeMadeIsToldOfThoughAnotherDecides) {
  const Config config = config_of(service_text(
      "web", 80, "check = [\"tcp\", { http = \"/\", through = \"service\" }]\nbackends = [\"10.0.0.1\"]\n"));
  HealthBoard board([](const HealthBoard::Entry&, const HealthState&) {});
  board.sync({{{"web", "10.0.0.1"}, {0, 1, config.pools.at(0).backends.at(0), false, false}}}, config, 0);
  board.check_result(0, {ProbeOutcome::failed, "connection refused", 0}, 10, 0);
  board.check_result(0, {ProbeOutcome::inconclusive, "this machine could not probe: no tun", 0}, 10, 1);
  EXPECT_EQ(warnings_of_checks(board),
            Sentences{"checks tell nothing and move no backend (this machine could not probe: no tun): web/10.0.0.1"});
}

TEST(Warnings, FlowsThatAChangeAssignsAfresh) {
  const Config before = config_of(service_text("web", 80, "backends = [\"10.0.0.1\"]\n"));
  Config after = before;
  EXPECT_EQ(warnings_of_new_tables(before, after), Sentences{});
  after.services[0].idle_timeout_ms = 1000;
  EXPECT_EQ(warnings_of_new_tables(before, after), Sentences{});
  after.services[0].table_slots = 251;
  EXPECT_EQ(warnings_of_new_tables(before, after),
            Sentences{"service web: flows are assigned afresh, since table_slots has changed; those that end up with "
                      "another backend break"});
  after = before;
  after.services[0].scheduler = Scheduler::source;
  EXPECT_EQ(
      warnings_of_new_tables(before, after),
      Sentences{"service web: flows are assigned afresh, since its scheduler goes by another hash; those that end "
                "up with another backend break"});
}

TEST(Warnings, AFamilyThatAnL3dsrBackendCannotBeSent) {
  const std::string text =
      "[[service]]\nname = \"web\"\naddresses = [\"192.0.2.1\", \"2001:db8::1\"]\nport = 80\ndscp = 5\n"
      "backends = [{ name = \"a\", address = \"10.0.0.1\", forward = \"l3dsr\" }, { name = \"b\", address = "
      "\"10.0.0.2\", forward = \"gre\" }]\n";
  EXPECT_EQ(warnings_of_families(config_of(text)),
            (Sentences{"service web: what comes for 2001:db8::1 cannot be sent to l3dsr backends of the other family "
                       "(drop_unresolved): web/a"}));
  EXPECT_EQ(warnings_of_families(config_of(service_text("web", 80, "backends = [\"10.0.0.1\"]\n"))), Sentences{});
}

TEST(Warnings, AServiceThatJoinsAPoolCheckedElsewhere) {
  Config before = config_of(service_text("web", 80, "backends = [\"10.0.0.1\", \"10.0.0.2:80\"]\n"));
  Config after = before;
  ServiceConfig tls = before.services.at(0);
  tls.name = "tls";
  tls.port = 443;
  after.services.push_back(tls);
  EXPECT_EQ(warnings_of_shared_checks(before, after),
            (Sentences{"service tls has port 443, but backends of its pool web are checked on port 80, as before"}));
  EXPECT_EQ(warnings_of_shared_checks(after, after), Sentences{}) << "said once";
  after.services.back().port = 0;
  EXPECT_EQ(warnings_of_shared_checks(before, after), Sentences{}) << "any port cannot be checked";
  before = config_of(service_text("web", 80, "backends = [\"10.0.0.1\"]\ncheck = { port = 8080 }\n"));
  after = before;
  after.services.push_back(tls);
  EXPECT_EQ(warnings_of_shared_checks(before, after), Sentences{}) << "somebody chose that port";
}

}  // namespace
}  // namespace guideway
