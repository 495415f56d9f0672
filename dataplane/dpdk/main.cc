// SPDX-License-Identifier: Apache-2.0
// guideway-dpdk: options, then the datapath, then the door, then keeping house until a signal comes. Whatever fails
// before that is one sentence on stderr and exit code 1.
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "dataplane/door/server.hh"
#include "dataplane/dpdk/datapath.hh"
#include "dataplane/dpdk/options.hh"
#include "dataplane/systemd/journal_sink.hh"
#include "dataplane/systemd/systemd_state.hh"
#include "dataplane/worker/idle.hh"

namespace guideway {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch what needs no lock");

void remember_signal(int number) { stop_signal.store(number, std::memory_order_relaxed); }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

std::int64_t monotonic_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

// Sleeps when there is nothing to do, so that kernel faces cost little and a shared core is left to its worker.
void keep_house(DpdkDatapath& datapath, SystemdState& systemd) {
  IdleSettings settings;
  settings.empty_polls_before_sleep = 4;
  Idle idle(settings);
  while (stop_signal.load(std::memory_order_relaxed) == 0) {
    systemd.alive(monotonic_us());
    const std::uint32_t sleep_us = idle.sleep_us_after(datapath.keep_house());
    if (sleep_us != 0) std::this_thread::sleep_for(std::chrono::microseconds(sleep_us));
  }
}

void log_door(door::Event event, std::string_view details) {
  switch (event) {
    case door::Event::controller_joined:
      return spdlog::info("door controller joined {}", details);
    case door::Event::controller_left:
      return spdlog::info("door controller left {}", details);
    case door::Event::controller_refused:
      return spdlog::warn("door controller refused reason=\"{}\"", details);
    case door::Event::offer_rejected:
      return spdlog::warn("door offer rejected reason=\"{}\"", details);
  }
}

Result<void> run(const Options& options) {
  // First, because it is quick to fail and says that another datapath runs.
  auto listening = door::Listener::open(options.door_path);
  if (!listening) return failure_of(listening);
  auto datapath = DpdkDatapath::start(options);
  if (!datapath) return failure_of(datapath);
  {
    door::Server server(std::move(*listening), **datapath, log_door);
    std::thread door_thread([&server] { server.run(); });
    spdlog::info("ready ports={} workers={} door={}", options.ports.size(), options.cores.worker_count,
                 options.door_path);
    SystemdState systemd;
    systemd.status(std::to_string(options.ports.size()) + " ports, " + std::to_string(options.cores.worker_count) +
                   " workers");
    systemd.ready();
    keep_house(**datapath, systemd);
    systemd.stopping();
    spdlog::info("stopping signal={}", stop_signal.load());
    server.stop();
    door_thread.join();
  }
  datapath->reset();
  return {};
}

int main_of_guideway_dpdk(int argc, char** argv) {
  start_log("guideway-dpdk", "%Y-%m-%dT%H:%M:%S.%e %l %n %v");
  auto options = parse_options(argc, argv);
  if (options && !*options) return 0;
  catch_signals();
  const Result<void> outcome = options ? run(**options) : failure_of(options);
  if (outcome) return 0;
  std::fprintf(stderr, "guideway-dpdk: %s\n", outcome.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) { return guideway::main_of_guideway_dpdk(argc, argv); }
