// SPDX-License-Identifier: Apache-2.0
// TCP and HTTP probes against real sockets on loopback, with every way a backend can be wrong.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <optional>

#include "tests/unit/controlplane/health/closed_port.hh"
#include "tests/unit/controlplane/health/deaf_port.hh"
#include "tests/unit/controlplane/health/one_probe.hh"
#include "tests/unit/controlplane/health/scripted_server.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

CheckTarget target_at(CheckKind kind, std::uint16_t port, std::uint32_t timeout_ms = 2000,
                      const std::string& address = "127.0.0.1") {
  CheckConfig check;
  check.kind = kind;
  check.timeout_ms = timeout_ms;
  check.path = "/health?deep=1";
  check.host = "shop.example";
  return CheckTarget::of(*IpAddress::parse(address), port, check);
}

ProbeResult http_probe(const Script& script, std::uint32_t timeout_ms = 2000) {
  asio::io_context io;
  ScriptedServer server(io, script);
  return probe(io, target_at(CheckKind::http, server.port(), timeout_ms));
}

std::string response(const std::string& status, const std::string& body) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

TEST(TcpProbe, SucceedsWhereSomebodyListens) {
  asio::io_context io;
  ScriptedServer server(io, {});
  const ProbeResult result = probe(io, target_at(CheckKind::tcp, server.port()));
  expect_ok(result, "connected");
  EXPECT_GT(result.latency_us, 0u);
  EXPECT_LT(result.latency_us, 5'000'000u);
}

TEST(TcpProbe, SucceedsOverIpv6) {
  asio::io_context io;
  std::optional<ScriptedServer> server;
  try {
    server.emplace(io, Script{}, "::1");
  } catch (const boost::system::system_error& error) {
    GTEST_SKIP() << "no IPv6 loopback here: " << error.what();
  }
  expect_ok(probe(io, target_at(CheckKind::tcp, server->port(), 2000, "::1")), "connected");
}

TEST(TcpProbe, IsRefused) {
  asio::io_context io;
  expect_failed(probe(io, target_at(CheckKind::tcp, closed_port(io))), "connection refused");
}

TEST(TcpProbe, GivesUpOnSilence) {
  asio::io_context io;
  const DeafPort deaf(io);
  const ProbeResult result = probe(io, target_at(CheckKind::tcp, deaf.port(), 150));
  expect_failed(result, "no connection within 150 ms");
  EXPECT_GE(result.latency_us, 150'000u);
  EXPECT_LT(result.latency_us, 5'000'000u);
}

TEST(TcpProbe, OwnFailuresAreInconclusive) {
  asio::io_context io;
  ScriptedServer server(io, {});
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next_free = ::dup(0);
  ASSERT_GE(next_free, 0);
  ::close(next_free);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next_free);  // no descriptor above those in use
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const ProbeResult tcp_result = probe(io, target_at(CheckKind::tcp, server.port()));
  const ProbeResult http_result = probe(io, target_at(CheckKind::http, server.port()));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(tcp_result.outcome, ProbeOutcome::inconclusive);
  EXPECT_EQ(tcp_result.detail, "this machine could not probe: Too many open files");
  EXPECT_EQ(http_result.outcome, ProbeOutcome::inconclusive);
}

TEST(TcpProbe, NoResultAfterCancel) {
  asio::io_context io;
  const DeafPort deaf(io);
  const auto running = start_probe(io, target_at(CheckKind::tcp, deaf.port(), 10'000),
                                   [](const ProbeResult&) { ADD_FAILURE() << "called after cancel"; });
  io.run_for(std::chrono::milliseconds(20));
  running->cancel();
  running->cancel();
  io.restart();
  io.run_for(std::chrono::milliseconds(300));
  EXPECT_TRUE(io.stopped()) << "work is left behind";
}

TEST(TcpProbe, LeavesNothingBehindWhenDone) {
  asio::io_context io;
  expect_failed(probe(io, target_at(CheckKind::tcp, closed_port(io), 60'000)), "connection refused");
  io.restart();
  io.run_for(std::chrono::milliseconds(500));
  EXPECT_TRUE(io.stopped()) << "the deadline is still pending";
}

TEST(HttpProbe, AsksAsConfigured) {
  asio::io_context io;
  ScriptedServer server(io, {.answer = response("200 OK", "fine")});
  expect_ok(probe(io, target_at(CheckKind::http, server.port())), "HTTP status 200");
  EXPECT_EQ(server.last_request(),
            "GET /health?deep=1 HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: guideway-check\r\nAccept: */*\r\n"
            "Connection: close\r\n\r\n");
}

TEST(HttpProbe, TheStatusDecides) {
  expect_ok(http_probe({.answer = response("204 No Content", "")}), "HTTP status 204");
  expect_ok(http_probe({.answer = response("399 Odd", "")}), "HTTP status 399");
  expect_failed(http_probe({.answer = response("400 Bad Request", "x")}), "HTTP status 400, wanted 200 to 399");
  expect_failed(http_probe({.answer = response("503 Busy", "x")}), "HTTP status 503, wanted 200 to 399");
}

TEST(HttpProbe, ReadsEveryFormOfBody) {
  expect_ok(http_probe({.answer = "HTTP/1.0 200 OK\r\n\r\nuntil the end"}), "HTTP status 200");
  expect_ok(http_probe({.answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}),
            "HTTP status 200");
  expect_ok(http_probe({.answer = response("200 OK", std::string(20'000, 'x'))}), "HTTP status 200");
  // The server keeps the connection open against our wish: the response was whole all the same.
  expect_ok(http_probe({.answer = response("200 OK", "fine"), .close = false}), "HTTP status 200");
}

TEST(HttpProbe, ReadsNoMoreThanItsBounds) {
  // Announces more than it sends and stays open: enough was read, the status decides.
  const std::string huge = "HTTP/1.1 200 OK\r\nContent-Length: 9000000000\r\n\r\n" + std::string(100'000, 'x');
  expect_ok(http_probe({.answer = huge, .close = false}), "HTTP status 200");
  const std::string wide = "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x') + "\r\n\r\n";
  expect_failed(http_probe({.answer = wide, .close = false}), "HTTP response header above 16384 bytes");
  const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'x');
  expect_failed(http_probe({.answer = endless, .close = false}), "HTTP response header above 16384 bytes");
}

TEST(HttpProbe, SilenceAndSlowness) {
  expect_failed(http_probe({.answer = "", .close = false}, 150), "no HTTP response within 150 ms");
  expect_failed(http_probe({.answer = response("200 OK", "fine"), .wait_ms = 1000}, 150),
                "no HTTP response within 150 ms");
  expect_failed(http_probe({.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", .close = false}, 1500),
                "no end of the HTTP response within 1500 ms");
  const ProbeResult slow = http_probe({.answer = response("200 OK", "fine"), .wait_ms = 200});
  expect_ok(slow, "HTTP status 200");
  EXPECT_GE(slow.latency_us, 200'000u);
}

TEST(HttpProbe, ClosedEarly) {
  expect_failed(http_probe({.answer = ""}), "connection closed before an HTTP response");
  expect_failed(http_probe({.answer = "", .reset = true}), "connection reset");
  expect_failed(http_probe({.answer = "HTTP/1.1 200 OK\r\nContent-Le"}),
                "connection closed in the middle of the HTTP response");
  expect_failed(http_probe({.answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}),
                "connection closed in the middle of the HTTP response");
}

TEST(HttpProbe, Garbage) {
  for (const std::string& garbage :
       {std::string("SSH-2.0-OpenSSH_9.2p1\r\n\r\n"), std::string("\x15\x03\x01\x05\x02\x02\x16 a TLS alert\r\n\r\n"),
        std::string("HTTP/1.1 xyz\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")}) {
    const ProbeResult result = http_probe({.read_first = false, .answer = garbage, .close = false});
    EXPECT_EQ(result.outcome, ProbeOutcome::failed);
    EXPECT_EQ(result.detail.rfind("not a well-formed HTTP response (", 0), 0u) << result.detail;
  }
}

TEST(HttpProbe, RefusedAndDeaf) {
  asio::io_context io;
  expect_failed(probe(io, target_at(CheckKind::http, closed_port(io))), "connection refused");
  const DeafPort deaf(io);
  expect_failed(probe(io, target_at(CheckKind::http, deaf.port(), 150)), "no connection within 150 ms");
}

TEST(HttpProbe, NoResultAfterCancel) {
  asio::io_context io;
  ScriptedServer server(io, {.answer = response("200 OK", "fine"), .wait_ms = 50});
  const auto running = start_probe(io, target_at(CheckKind::http, server.port()),
                                   [](const ProbeResult&) { ADD_FAILURE() << "called after cancel"; });
  while (server.last_request().empty()) io.run_one_for(std::chrono::milliseconds(100));
  running->cancel();
  io.run_for(std::chrono::milliseconds(150));
}

}  // namespace
}  // namespace guideway
