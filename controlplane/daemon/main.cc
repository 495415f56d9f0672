// SPDX-License-Identifier: Apache-2.0
// guidewayd, the control plane: `guidewayd --config FILE [--check]`. It may die at any time: the datapath goes on.
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>

#include <spdlog/spdlog.h>
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include "controlplane/api/http_server.hh"
#include "controlplane/api/metrics_server.hh"
#include "controlplane/api/tls_server.hh"
#include "controlplane/config/load.hh"
#include "controlplane/daemon/control_plane.hh"
#include "controlplane/daemon/heartbeat.hh"
#include "controlplane/daemon/log_value.hh"
#include "controlplane/daemon/version.hh"
#include "dataplane/systemd/journal_sink.hh"

namespace guideway {
namespace {

// Every check holds a socket while it runs; the usual soft limit of 1,024 files is for programs of another kind.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) spdlog::warn("start warning=\"the limit of open files stays low\"");
}

int check(const std::string& file) {
  auto config = load_config(file);
  if (!config) {
    for (const ConfigError& error : config.error()) std::fprintf(stderr, "%s\n", error.text().c_str());
    return 1;
  }
  std::size_t backends = 0;
  for (const PoolConfig& pool : config->pools) backends += pool.backends.size();
  std::printf("%s is valid: %zu services, %zu pools, %zu backends\n", file.c_str(), config->services.size(),
              config->pools.size(), backends);
  return 0;
}

int fail(const std::string& sentence) {
  std::fprintf(stderr, "guidewayd: %s\n", sentence.c_str());
  return 1;
}

void watch_signals(boost::asio::signal_set& signals, boost::asio::io_context& io, ControlPlane& control_plane,
                   SystemdState& systemd) {
  signals.async_wait([&](const boost::system::error_code& error, int number) {
    if (error) return;
    if (number == SIGHUP) {
      systemd.reloading();
      control_plane.reload([&systemd] { systemd.ready(); });
      return watch_signals(signals, io, control_plane, systemd);
    }
    spdlog::info("daemon event=leaving signal={}", number);
    systemd.stopping();
    io.stop();
  });
}

int run(const std::string& file) {
  auto config = load_config(file);
  if (!config) {
    for (const ConfigError& error : config.error()) std::fprintf(stderr, "%s\n", error.text().c_str());
    return 1;
  }
  raise_file_limit();
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error to tell of, like a full disk
  boost::asio::io_context io{1};
  auto control_plane = ControlPlane::create(io, file, *config);
  if (!control_plane) return fail(control_plane.error().message);
  Router router(**control_plane);
  auto rules = AccessRules::of_groups(config->api_read_group, config->api_admin_group);
  if (!rules) return fail(rules.error().message);
  auto server = HttpServer::listen(io, config->api, router, {}, *rules);
  if (!server) return fail(server.error().message);
  std::optional<TlsServer> tls_server;
  if (config->api_tls) {
    auto listening = TlsServer::listen(io, *config->api_tls, router, {});
    if (!listening) return fail(listening.error().message);
    tls_server.emplace(std::move(*listening));
  }
  std::optional<MetricsServer> metrics;
  if (config->metrics) {
    auto listening = MetricsServer::listen(io, *config->metrics, router, {});
    if (!listening) return fail(listening.error().message);
    metrics.emplace(std::move(*listening));
  }
  auto started = (*control_plane)->start();
  if (!started) return fail(started.error().message);
  boost::asio::signal_set signals(io, SIGINT, SIGTERM, SIGHUP);
  SystemdState systemd;
  watch_signals(signals, io, **control_plane, systemd);
  spdlog::info("daemon event=started version={} config={} api={} door={}", version, log_value(file),
               log_value(config->api), log_value(config->door));
  Heartbeat heartbeat(io, systemd, [&] { return (*control_plane)->summary(); });
  heartbeat.beat();
  systemd.ready();
  io.run();
  (*control_plane)->stop();
  return 0;
}

}  // namespace
}  // namespace guideway

int main(int argument_count, char** arguments) {
  CLI::App app{
      "guidewayd, the control plane of Guideway: reads the configuration, checks health, publishes snapshots."};
  app.set_version_flag("--version", std::string(guideway::version));
  std::string file;
  bool check_only = false;
  app.add_option("--config", file, "the configuration file (TOML)")->required();
  app.add_flag("--check", check_only, "only say whether the configuration is valid");
  CLI11_PARSE(app, argument_count, arguments);
  guideway::start_log("guidewayd", "%l %v");
  // Applied again on SIGHUP, and compared with paths that clients send.
  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(file, ignored);
  return check_only ? guideway::check(file) : guideway::run(absolute.string());
}
