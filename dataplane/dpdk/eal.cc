// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/eal.hh"

#include <fcntl.h>
#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <utility>

#include "dataplane/base/unique_fd.hh"
#include "dataplane/dpdk/eal_log.hh"
#include "dataplane/ports/dpdk_port.hh"
#include "dataplane/worker/worker.hh"

namespace guideway {
namespace {

// The main thread is lcore 0, worker i is lcore i + 1, whatever cores they are on: two may share one.
std::string lcore_map(const CorePlan& cores) {
  std::string map = "0@" + std::to_string(cores.main_core);
  for (std::size_t i = 0; i < cores.worker_cores.size(); ++i)
    map += "," + std::to_string(i + 1) + "@" + std::to_string(cores.worker_cores[i]);
  return map;
}

std::vector<std::string> eal_arguments(const EalSettings& settings) {
  std::vector<std::string> arguments = {"guideway-dpdk", "--no-telemetry", "--log-level",
                                        "*:warning",     "--main-lcore",   "0"};
  arguments.insert(arguments.end(), {"--lcores", lcore_map(settings.cores)});
  arguments.insert(arguments.end(), {"-m", std::to_string(settings.memory_mb)});
  // Either way nothing is mounted, and nothing stays in the file system.
  if (settings.huge_pages)
    arguments.emplace_back("--in-memory");
  else
    arguments.insert(arguments.end(), {"--no-huge", "--no-shconf"});
  bool has_pci = false;
  for (const PortSpec& device : settings.devices) {
    if (!device.is_pci) continue;
    has_pci = true;
    arguments.emplace_back("-a");
    arguments.push_back(device.name + (device.arguments.empty() ? "" : "," + device.arguments));
  }
  if (!has_pci) arguments.emplace_back("--no-pci");
  return arguments;
}

// Free huge pages of all sizes. Asked beforehand, because DPDK's own words for a lack of them are many.
std::uint64_t free_huge_mb() {
  std::uint64_t total_kb = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
    std::uint64_t pages = 0;
    std::ifstream(entry.path() / "free_hugepages") >> pages;
    const std::string name = entry.path().filename();  // "hugepages-2048kB"
    total_kb += pages * std::strtoull(name.c_str() + name.find('-') + 1, nullptr, 10);
  }
  return total_kb / 1024;
}

Result<void> check_huge_pages(std::uint32_t memory_mb) {
  const std::uint64_t free_mb = free_huge_mb();
  if (free_mb >= memory_mb) return {};
  return failure("no huge pages: " + std::to_string(memory_mb) + " MB are needed, " + std::to_string(free_mb) +
                 " MB are free; reserve some (echo " + std::to_string((memory_mb + 1) / 2) +
                 " > /proc/sys/vm/nr_hugepages), lower --memory-mb, or say --no-huge");
}

// DPDK prints some failures of its start by itself, beside its log. Ours is one sentence.
class Silence {
 public:
  Silence() : output_(::dup(STDOUT_FILENO)), error_(::dup(STDERR_FILENO)) {
    const UniqueFd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    ::dup2(nowhere.get(), STDOUT_FILENO);
    ::dup2(nowhere.get(), STDERR_FILENO);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  ~Silence() {
    ::dup2(output_.get(), STDOUT_FILENO);
    ::dup2(error_.get(), STDERR_FILENO);
  }

 private:
  UniqueFd output_;
  UniqueFd error_;
};

int initialise(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  pointers.reserve(arguments.size());
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  const Silence silence;
  return rte_eal_init(static_cast<int>(pointers.size()), pointers.data());
}

int run_worker(void* argument) {
  auto [worker, stop] = *static_cast<std::pair<Worker*, const std::atomic<bool>*>*>(argument);
  worker->run(*stop);
  return 0;
}

}  // namespace

Result<Eal> Eal::start(const EalSettings& settings) {
  if (settings.huge_pages) {
    if (auto enough = check_huge_pages(settings.memory_mb); !enough) return failure_of(enough);
  }
  capture_eal_log();
  if (initialise(eal_arguments(settings)) < 0)
    return failure(std::string("cannot start DPDK: ") + rte_strerror(rte_errno) + take_eal_explanation());
  return Eal();
}

Eal::Eal(Eal&& other) noexcept : launches_(std::move(other.launches_)), owned_(std::exchange(other.owned_, false)) {}

Eal::~Eal() {
  if (owned_) static_cast<void>(rte_eal_cleanup());
}

Result<std::uint16_t> Eal::attach(const PortSpec& spec) {
  if (!spec.is_pci) {
    const int outcome = rte_eal_hotplug_add("vdev", spec.name.c_str(), spec.arguments.c_str());
    const std::string what = "cannot open port " + spec.name + (spec.arguments.empty() ? "" : "," + spec.arguments);
    if (outcome == -EFAULT) return failure(what + ": DPDK has no driver of that name");
    // Most drivers answer -1, whatever it was; the log knows more.
    if (outcome != 0) return failure(what + (outcome == -1 ? "" : std::string(": ") + rte_strerror(-outcome)));
  }
  return DpdkPort::find(spec.name);
}

Result<void> Eal::launch(Worker& worker, const std::atomic<bool>& stop) {
  launches_.push_back(std::make_unique<Launch>(&worker, &stop));
  const int outcome = rte_eal_remote_launch(run_worker, launches_.back().get(), worker.index() + 1);
  if (outcome != 0)
    return failure("cannot start worker " + std::to_string(worker.index()) + ": " + rte_strerror(-outcome));
  return {};
}

void Eal::wait_for_workers() { rte_eal_mp_wait_lcore(); }

}  // namespace guideway
