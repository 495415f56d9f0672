// SPDX-License-Identifier: Apache-2.0
// guideway-xdp: options, then the program on its interfaces, then the door, then keeping house until a signal comes.
// Whatever fails before that is one sentence on stderr and exit code 1.
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <thread>

#include "dataplane/door/server.hh"
#include "dataplane/systemd/journal_sink.hh"
#include "dataplane/systemd/systemd_state.hh"
#include "dataplane/xdp_datapath/datapath.hh"
#include "dataplane/xdp_datapath/options.hh"

namespace guideway {
namespace {

std::atomic<int> stop_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch what needs no lock");

void remember_signal(int number) { stop_signal.store(number, std::memory_order_relaxed); }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = remember_signal;
  for (const int number : {SIGTERM, SIGINT, SIGUSR2}) ::sigaction(number, &action, nullptr);
  action.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &action, nullptr);
}

std::int64_t monotonic_us() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

void keep_house(XdpDatapath& datapath, SystemdState& systemd) {
  while (stop_signal.load(std::memory_order_relaxed) == 0) {
    systemd.alive(monotonic_us());
    datapath.keep_house();
  }
  datapath.stop_holding();
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

Result<void> serve(const XdpDatapathOptions& options) {
  // First, because it is quick to fail and says that another datapath runs.
  auto listening = door::Listener::open(options.door_path);
  if (!listening) return failure_of(listening);
  auto datapath = XdpDatapath::start(options);
  if (!datapath) return failure_of(datapath);
  {
    door::Server server(std::move(*listening), **datapath, log_door);
    std::thread door_thread([&server] { server.run(); });
    door::Welcome welcome{};
    (*datapath)->describe(welcome);
    spdlog::info("ready ports={} workers={} door={}", welcome.port_count, welcome.worker_count, options.door_path);
    SystemdState systemd;
    systemd.status(std::to_string(welcome.port_count) + " ports, " + std::to_string(welcome.worker_count) + " workers");
    systemd.ready();
    keep_house(**datapath, systemd);
    systemd.stopping();
    server.stop();
    door_thread.join();
  }
  const int number = stop_signal.load();
  if (number == SIGUSR2) {
    spdlog::info("leaving signal={} the program stays at work", number);
    return {};
  }
  spdlog::info("stopping signal={}", number);
  return (*datapath)->detach();
}

Result<void> detach(const XdpDatapathOptions& options) {
  const auto pins = Pins::claim_existing(options.pin_directory);
  if (!pins) return failure_of(pins);
  if (!pins->exist()) return failure("nothing is attached: there is no " + options.pin_directory);
  return pins->remove_all();
}

Result<void> obey(const XdpDatapathOptions& options) {
  return options.command == XdpCommand::detach ? detach(options) : serve(options);
}

int main_of_guideway_xdp(int argc, char** argv) {
  start_log("guideway-xdp", "%Y-%m-%dT%H:%M:%S.%e %l %n %v");
  auto options = parse_options(argc, argv);
  if (options && !*options) return 0;
  catch_signals();
  const Result<void> outcome = options ? obey(**options) : failure_of(options);
  if (outcome) return 0;
  std::fprintf(stderr, "guideway-xdp: %s\n", outcome.error().message.c_str());
  return 1;
}

}  // namespace
}  // namespace guideway

int main(int argc, char** argv) { return guideway::main_of_guideway_xdp(argc, argv); }
