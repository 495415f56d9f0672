// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/controlplane/health/checker_trial.hh"

#include <map>

#include "tests/unit/controlplane/health/closed_port.hh"
#include "tests/unit/controlplane/health/deaf_port.hh"
#include "tests/unit/controlplane/health/one_probe.hh"
#include "tests/unit/controlplane/health/scripted_server.hh"
#include "tests/unit/controlplane/health/slow_relay.hh"

namespace guideway {

CheckTarget target_within(CheckConfig check, std::uint16_t port, std::uint32_t timeout_ms, const std::string& address) {
  check.timeout_ms = timeout_ms;
  return CheckTarget::of(*IpAddress::parse(address), port, check);
}

void try_checker(const CheckerTrial& trial) {
  if (!is_installed(trial.program)) GTEST_SKIP() << "no " << trial.program << " here";
  RealServer server(trial.server);
  ASSERT_TRUE(server.is_up()) << server.log();
  boost::asio::io_context io;
  wait_until_passing(io, target_within(trial.check, server.port(), patient_ms));
  const SlowRelay slow(io, server.port(), std::chrono::seconds(2));
  const ScriptedServer other(io, {.read_first = false, .answer = trial.wrong_words, .close = false});
  const DeafPort gone(io);
  const auto results = probe_all(io, {{"passes", target_within(trial.check, server.port(), patient_ms)},
                                      {"slow", target_within(trial.check, slow.port(), short_ms)},
                                      {"wrong", target_within(trial.check, other.port(), patient_ms)},
                                      {"refused", target_within(trial.check, closed_port(io), patient_ms)},
                                      {"gone", target_within(trial.check, gone.port(), short_ms)}});
  expect_ok(results.at("passes"), trial.passes);
  const std::string silence = "no " + trial.silence + " within 200 ms";
  expect_failed(results.at("slow"), silence);
  expect_failed(results.at("wrong"), trial.wrong);
  expect_failed(results.at("refused"), "connection refused");
  expect_failed(results.at("gone"), "no connection within 200 ms");
  server.hang();
  expect_failed(probe(io, target_within(trial.check, server.port(), short_ms)), silence);
  server.go_on();
  expect_ok(probe(io, target_within(trial.check, server.port(), patient_ms)), trial.passes);
  server.stop();
  expect_failed(probe(io, target_within(trial.check, server.port(), patient_ms)), "connection refused");
}

}  // namespace guideway
