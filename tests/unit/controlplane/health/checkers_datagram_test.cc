// SPDX-License-Identifier: Apache-2.0
// UDP, DNS and ICMP with real servers (memcached, dnsmasq, the kernel), and every kind of silence; and hosts that are
// gone, in a network of its own.
#include <sched.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "controlplane/config/words.hh"
#include "tests/unit/controlplane/health/check_of.hh"
#include "tests/unit/controlplane/health/checker_trial.hh"
#include "tests/unit/controlplane/health/datagram_peer.hh"
#include "tests/unit/controlplane/health/one_probe.hh"

namespace guideway {
namespace {

CheckConfig udp_check() {
  CheckConfig check;
  check.kind = CheckKind::udp;
  check.send = R"(\x00\x07\x00\x00\x00\x01\x00\x00version\r\n)";
  check.expect = R"(regex:^\x00\x07.{6}VERSION 1)";
  return check;
}

CheckConfig dns_check(const std::string& query, const std::string& record = "A", const std::string& answer = "") {
  CheckConfig check;
  check.kind = CheckKind::dns;
  check.query = query;
  check.record = record;
  check.answer = answer;
  return check;
}

// Knows shop.example and nothing else.
RealSetup dnsmasq() {
  RealSetup setup;
  setup.arguments = {"dnsmasq",
                     "--keep-in-foreground",
                     "--conf-file=/dev/null",
                     "--port=PORT",
                     "--listen-address=127.0.0.1",
                     "--bind-interfaces",
                     "--no-resolv",
                     "--no-hosts",
                     "--pid-file=",
                     "--host-record=www.shop.example,192.0.2.1,2001:db8::1",
                     "--local=/shop.example/",
                     "--cname=alias.shop.example,www.shop.example",
                     "--mx-host=shop.example,mail.shop.example,10",
                     "--txt-record=shop.example,v=1,two words",
                     "--srv-host=_x._tcp.shop.example,www.shop.example,80,1,2"};
  return setup;
}

// `wrong` is what comes from a server that says something else.
void try_datagrams(RealServer& server, const CheckConfig& check, const std::string& passes, const std::string& silence,
                   const std::string& wrong) {
  ASSERT_TRUE(server.is_up()) << server.log();
  boost::asio::io_context io;
  expect_ok(probe(io, target_within(check, server.port(), patient_ms)), passes);
  const std::string late = "no " + silence + " within 200 ms";
  const DatagramPeer slow(io, server.port(), std::chrono::seconds(2));
  expect_failed(probe(io, target_within(check, slow.port(), short_ms)), late);
  const DatagramPeer other(io, "220 ready");
  expect_failed(probe(io, target_within(check, other.port(), short_ms)), wrong);
  const DatagramPeer mute(io, "");
  expect_failed(probe(io, target_within(check, mute.port(), short_ms)), late);
  server.hang();
  expect_failed(probe(io, target_within(check, server.port(), short_ms)), late);
  server.go_on();
  expect_ok(probe(io, target_within(check, server.port(), patient_ms)), passes);
  server.stop();
  expect_failed(probe(io, target_within(check, server.port(), patient_ms)), "port unreachable");
}

TEST(Checkers, Udp) {
  if (!is_installed("memcached")) GTEST_SKIP() << "no memcached here";
  RealServer memcached({"memcached", "-p", "PORT", "-U", "PORT", "-l", "127.0.0.1", "-u", "nobody", "-m", "8"});
  const std::string silence = R"(answer with "regex:^\x00\x07.{6}VERSION 1")";
  try_datagrams(memcached, udp_check(), "answered as expected", silence,
                "no " + silence + " (but \"220 ready\") within 200 ms");
}

TEST(Checkers, DnsOverUdp) {
  if (!is_installed("dnsmasq")) GTEST_SKIP() << "no dnsmasq here";
  RealServer server(dnsmasq());
  const std::string silence = "answer for www.shop.example A";
  try_datagrams(server, dns_check("www.shop.example", "A", "192.0.2.1"), "www.shop.example A is 192.0.2.1", silence,
                "no " + silence + " (but a datagram that is none) within 200 ms");
}

TEST(Checkers, DnsOverTcp) {
  CheckConfig check = dns_check("www.shop.example.");
  check.transport = DnsTransport::tcp;
  try_checker({"dnsmasq", dnsmasq(), check, "www.shop.example A is 192.0.2.1", "answer for www.shop.example A",
               std::string("\0\5hello", 7), "what came is no answer for www.shop.example A"});
}

TEST(Checkers, DnsRecordsAndErrors) {
  if (!is_installed("dnsmasq")) GTEST_SKIP() << "no dnsmasq here";
  const RealServer server(dnsmasq());
  ASSERT_TRUE(server.is_up()) << server.log();
  boost::asio::io_context io;
  const auto ask = [&](const std::string& query, const std::string& record, const std::string& answer) {
    return probe(io, target_within(dns_check(query, record, answer), server.port(), patient_ms));
  };
  expect_ok(ask("www.shop.example", "AAAA", "2001:db8:0::1"), "www.shop.example AAAA is 2001:db8::1");
  expect_ok(ask("alias.shop.example", "CNAME", "www.shop.example."), "alias.shop.example CNAME is www.shop.example");
  expect_ok(ask("alias.shop.example", "A", "192.0.2.1"), "alias.shop.example A is 192.0.2.1");
  expect_ok(ask("shop.example", "MX", "10 mail.shop.example"), "shop.example MX is 10 mail.shop.example");
  expect_ok(ask("shop.example", "TXT", ""), "shop.example TXT is v=1two words");
  expect_ok(ask("_x._tcp.shop.example", "SRV", "1 2 80 www.shop.example"),
            "_x._tcp.shop.example SRV is 1 2 80 www.shop.example");
  expect_failed(ask("www.shop.example", "A", "192.0.2.9"), "www.shop.example A is 192.0.2.1, wanted 192.0.2.9");
  expect_failed(ask("no.shop.example", "A", ""), "NXDOMAIN for no.shop.example A");
  expect_failed(ask("www.shop.example", "MX", ""), "no record for www.shop.example MX");
  expect_failed(ask("elsewhere.example", "A", ""), "REFUSED for elsewhere.example A");
}

TEST(Checkers, Icmp) {
  boost::asio::io_context io;
  for (const char* address : {"127.0.0.1", "::1"}) {
    const ProbeResult result = probe(io, target_within(check_of(CheckKind::icmp), 0, patient_ms, address));
    if (result.outcome == ProbeOutcome::inconclusive) GTEST_SKIP() << "may not ping here: " << result.detail;
    expect_ok(result, "echo reply");
  }
}

// A network with one neighbour whose address resolves and who says nothing, and without a way anywhere else.
bool enter_lonely_network() {
  if (::unshare(CLONE_NEWNET) != 0) return false;
  return std::system(
             "ip link set lo up && ip link add here type veth peer name there && ip link set here up && "
             "ip link set there up && ip addr add 198.51.100.1/24 dev here && "
             "ip addr add 2001:db8:51::1/64 dev here nodad && "
             "ip neigh add 198.51.100.2 lladdr 02:00:00:00:00:02 dev here && "
             "ip neigh add 2001:db8:51::2 lladdr 02:00:00:00:00:02 dev here && "
             "ip route add unreachable 203.0.114.0/24") == 0;
}

void try_hosts_that_are_gone() {
  std::map<std::string, CheckTarget> targets;
  std::map<std::string, std::string> sentences;
  const auto add = [&](const CheckConfig& check, const std::string& address, const std::string& sentence) {
    const std::string name = std::string(name_of(check)) + " " + address;
    targets[name] = target_within(check, 80, short_ms, address);
    sentences[name] = sentence;
  };
  for (const char* gone : {"198.51.100.2", "2001:db8:51::2"}) {
    add(check_of(CheckKind::icmp), gone, "no echo reply within 200 ms");
    add(dns_check("www.shop.example"), gone, "no answer for www.shop.example A within 200 ms");
    for (const CheckKind kind :
         {CheckKind::tcp, CheckKind::http, CheckKind::grpc, CheckKind::redis, CheckKind::memcached, CheckKind::smtp,
          CheckKind::postgresql, CheckKind::mysql, CheckKind::amqp, CheckKind::agent})
      add(check_of(kind), gone, "no connection within 200 ms");
  }
  boost::asio::io_context io;
  for (const auto& [name, result] : probe_all(io, targets)) {
    SCOPED_TRACE(name);
    expect_failed(result, sentences.at(name));
  }
  // It is this machine that has no way there, or a rule against it.
  for (const char* away : {"203.0.113.1", "203.0.114.1", "2001:db8:52::1"}) {
    for (const CheckConfig& check : {check_of(CheckKind::icmp), check_of(CheckKind::tcp), check_of(CheckKind::http),
                                     check_of(CheckKind::redis), dns_check("www.shop.example")}) {
      boost::asio::io_context fresh;
      const ProbeResult result = probe(fresh, target_within(check, 80, short_ms, away));
      EXPECT_EQ(result.outcome, ProbeOutcome::inconclusive) << name_of(check) << " " << away;
      EXPECT_EQ(result.detail, "this machine could not probe: no route to " + std::string(away));
    }
  }
}

TEST(Checkers, HostsThatAreGone) {
  if (::geteuid() != 0) GTEST_SKIP() << "making a network needs root";
  bool entered = false;
  std::thread([&entered] {
    entered = enter_lonely_network();
    if (entered) try_hosts_that_are_gone();
  }).join();
  if (!entered) GTEST_SKIP() << "no network of its own here";
}

}  // namespace
}  // namespace guideway
