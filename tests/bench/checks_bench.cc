// SPDX-License-Identifier: Apache-2.0
// How many checks one core makes: the health monitor as guidewayd runs it, with 10,000 targets that are due every
// second, against real servers of loopback. Says how many verdicts there were a second, and which part of a core they
// took; the rest of the machine has the servers.
#include <sys/resource.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "controlplane/health/health_monitor.hh"
#include "tests/unit/controlplane/health/check_of.hh"
#include "tests/unit/controlplane/health/real_server.hh"

namespace guideway {
namespace {

constexpr std::uint32_t targets = 10'000;
constexpr int warming_s = 2;
constexpr int measured_s = 5;

double cpu_s() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The targets differ in their timeouts, or they would be one; and those that need no server in their addresses.
std::vector<HealthMonitor::Target> all_targets(const CheckConfig& check, std::uint16_t port) {
  std::vector<HealthMonitor::Target> result;
  for (std::uint32_t i = 0; i < targets; ++i) {
    CheckConfig each = check;
    each.interval_ms = 1000;
    each.timeout_ms = 1000 + i;
    IpAddress address = *IpAddress::parse("127.0.0.1");
    if (check.kind == CheckKind::icmp) {
      address.bytes[2] = static_cast<std::uint8_t>(i >> 8U);
      address.bytes[3] = static_cast<std::uint8_t>(i);
    }
    result.push_back({i, address, port, each});
  }
  return result;
}

void measure(const char* name, const RealServer& server, const CheckConfig& check) {
  if (!server.is_up()) {
    std::printf("%-10s no server\n", name);
    return;
  }
  boost::asio::io_context io;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::string why;
  const auto on_result = [&](std::uint32_t, const ProbeResult& result) {
    if (result.outcome == ProbeOutcome::ok) {
      ++passed;
    } else {
      ++failed;
      why = result.detail;
    }
  };
  HealthMonitor monitor(io, on_result, 1);
  monitor.set_targets(all_targets(check, server.port()));
  io.run_for(std::chrono::seconds(warming_s));
  passed = failed = 0;
  const double before_s = cpu_s();
  io.run_for(std::chrono::seconds(measured_s));
  const double used_s = cpu_s() - before_s;
  const double verdicts = static_cast<double>(passed + failed);
  std::printf("%-10s %6.0f checks/s, %5.1f us of CPU each, %5.1f %% of a core; %zu failed %s\n", name,
              verdicts / measured_s, used_s * 1e6 / verdicts, used_s * 100 / measured_s, failed, why.c_str());
}

RealSetup nginx() {
  return {{"nginx", "-c", "DIR/nginx.conf", "-e", "stderr"},
          {{"nginx.conf",
            "daemon off; worker_processes 1; pid DIR/pid; error_log stderr; events { worker_connections 4096; }\n"
            "http { access_log off; client_body_temp_path DIR/c; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f;\n"
            "uwsgi_temp_path DIR/u; scgi_temp_path DIR/s; server { listen 127.0.0.1:PORT backlog=4096;\n"
            "location / { return 200 ok; } } }\n"}},
          {}};
}

int run() {
  rlimit files{65536, 65536};
  static_cast<void>(::setrlimit(RLIMIT_NOFILE, &files));
  const RealServer web(nginx());
  measure("tcp", web, check_of(CheckKind::tcp));
  measure("http", web, check_of(CheckKind::http));
  const RealServer redis({"redis-server", "--port", "PORT", "--bind", "127.0.0.1", "--save", "", "--dir", "DIR"});
  measure("redis", redis, check_of(CheckKind::redis));
  const RealServer dns({"dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=PORT",
                        "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts",
                        "--pid-file=", "--host-record=www.shop.example,192.0.2.1"});
  CheckConfig question = check_of(CheckKind::dns);
  question.query = "www.shop.example";
  measure("dns", dns, question);
  measure("icmp", dns, check_of(CheckKind::icmp));
  return 0;
}

}  // namespace
}  // namespace guideway

int main() { return guideway::run(); }
