// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/datapath.hh"

#include <sched.h>
#include <spdlog/spdlog.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "dataplane/dpdk/eal_log.hh"
#include "dataplane/dpdk/polled_interface.hh"
#include "dataplane/worker/cycles.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::uint32_t link_patience_ms = 3000;
constexpr std::chrono::milliseconds worker_patience{1000};

template <std::size_t size>
void copy_text(const std::string& text, std::array<char, size>& to) {
  std::memcpy(to.data(), text.data(), std::min(text.size(), size - 1));
}

tl::unexpected<Error> explained(const Error& error) { return failure(error.message + take_eal_explanation()); }

// Runs on a core for as long as this lives, so that memory touched meanwhile is of that core's NUMA node.
class VisitCore {
 public:
  explicit VisitCore(unsigned core) noexcept {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    ::sched_setaffinity(0, sizeof set, &set);
  }
  VisitCore(const VisitCore&) = delete;
  VisitCore& operator=(const VisitCore&) = delete;
  ~VisitCore() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_;
};

// Where the scheduler random begins: no two workers alike, and nobody outside knows.
std::uint64_t random_number() {
  std::uint64_t number = 0;
  if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number))
    spdlog::warn("the kernel gives no random number; scheduler random begins at a known place");
  return number;
}

}  // namespace

DpdkDatapath::DpdkDatapath(const Options& options, Eal eal, HealthBlock health, CountersBlock counters,
                           CaptureBlock capture)
    : capacities_(options.capacities),
      eal_(std::move(eal)),
      health_(std::move(health)),
      counters_(std::move(counters)),
      capture_(std::move(capture)),
      snapshots_(Snapshot::empty(), options.cores.worker_count),
      crew_(options.cores.worker_count) {}

Result<std::unique_ptr<DpdkDatapath>> DpdkDatapath::start(const Options& options) {
  auto cores = plan_cores(options.cores, available_cores());
  if (!cores) return failure_of(cores);
  auto health = HealthBlock::create(options.capacities);
  if (!health) return failure_of(health);
  auto counters = CountersBlock::create(options.capacities, options.cores.worker_count, measure_cycles_per_second());
  if (!counters) return failure_of(counters);
  auto capture = CaptureBlock::create(options.capacities.services_max, options.cores.worker_count);
  if (!capture) return failure_of(capture);
  std::vector<PortSpec> devices = options.ports;
  devices.insert(devices.end(), options.members.begin(), options.members.end());
  auto eal = Eal::start({*cores, options.huge_pages, options.memory_mb, std::move(devices)});
  if (!eal) return failure_of(eal);

  std::unique_ptr<DpdkDatapath> datapath(
      new DpdkDatapath(options, std::move(*eal), std::move(*health), std::move(*counters), std::move(*capture)));
  if (auto started = datapath->start_ports(options); !started) return explained(started.error());
  log_eal_explanation();
  if (auto made = datapath->make_kernel_faces(options); !made) return explained(made.error());
  if (auto started = datapath->start_workers(options, *cores); !started) return failure_of(started);
  pass_on_eal_log();
  return datapath;
}

Result<rte_mempool*> DpdkDatapath::pool_of(const Options& options, int numa_node, std::uint16_t mtu_bytes) {
  for (const auto& [node, pool] : pools_) {
    if (node == numa_node) return pool.get();
  }
  // Enough for every queue of every port to be full, for both rings and the TAP of every kernel face, and for what
  // each core holds in its cache, its hands and back for fragments. Ports on one node share a pool.
  const auto port_count = static_cast<std::uint32_t>(options.ports.size());
  const auto device_count = static_cast<std::uint32_t>(options.ports.size() + options.members.size());
  const std::uint32_t queue_pairs = device_count * options.cores.worker_count;
  const std::uint32_t buffer_count = queue_pairs * (options.rx_descriptors + options.tx_descriptors) +
                                     port_count * 2304U + options.extra_buffers +
                                     (options.cores.worker_count + 1) * (1024U + GW_FRAGMENTS_HELD_MAX);
  std::uint32_t frame_bytes_min = 0;
  for (const auto* specs : {&options.ports, &options.members}) {
    for (const PortSpec& spec : *specs) frame_bytes_min = std::max(frame_bytes_min, spec.buffer_bytes_min);
  }
  auto pool =
      DpdkPool::create("buffers" + std::to_string(numa_node + 1), buffer_count, mtu_bytes, frame_bytes_min, numa_node);
  if (!pool) return failure_of(pool);
  return pools_.emplace_back(numa_node, std::move(*pool)).second.get();
}

Result<DpdkPort> DpdkDatapath::start_port(const Options& options, std::uint16_t device, std::size_t number,
                                          std::uint16_t mtu_bytes_max) {
  auto pool = pool_of(options, DpdkPort::examine(device).numa_node, mtu_bytes_max);
  if (!pool) return failure_of(pool);
  DpdkPortSettings settings;
  settings.queue_count = static_cast<std::uint16_t>(options.cores.worker_count);
  settings.rx_descriptors = options.rx_descriptors;
  settings.tx_descriptors = options.tx_descriptors;
  settings.mtu_bytes = options.mtu_bytes;
  std::vector<std::string> warnings;
  auto port = DpdkPort::start(device, settings, *pool, warnings);
  for (const std::string& warning : warnings) spdlog::warn("port={} {}", number, warning);
  return port;
}

Result<std::uint16_t> DpdkDatapath::attach(const PortSpec& spec, std::size_t port_number) {
  if (auto checked = check_interface(spec); !checked) return failure_of(checked);
  auto device = eal_.attach(spec);
  if (!device) return device;
  for (const std::string& finding : find_double_answers(spec)) spdlog::warn("port={} {}", port_number, finding);
  return device;
}

Result<void> DpdkDatapath::start_ports(const Options& options) {
  members_.reserve(options.members.size());
  for (const PortSpec& spec : options.members) {
    auto device = attach(spec, 0);
    if (!device) return failure_of(device);
    members_.emplace_back(*device);
  }
  std::vector<std::uint16_t> devices;
  for (const PortSpec& spec : options.ports) {
    auto device = attach(spec, devices.size());
    if (!device) return failure_of(device);
    devices.push_back(*device);
  }
  // Any port's frames may leave by any other.
  std::uint16_t mtu_bytes_max = options.mtu_bytes.value_or(0);
  if (!options.mtu_bytes) {
    for (const std::uint16_t device : devices)
      mtu_bytes_max = std::max(mtu_bytes_max, DpdkPort::examine(device).mtu_bytes);
  }
  ports_.reserve(devices.size());
  for (const std::uint16_t device : devices) {
    auto port = start_port(options, device, ports_.size(), mtu_bytes_max);
    if (!port) return failure_of(port);
    ports_.push_back(std::move(*port));
  }
  for (std::size_t number = 0; number < ports_.size(); ++number) {
    if (!ports_[number].wait_for_link(link_patience_ms))
      spdlog::warn("port={} name={} link is still down; going on, packets flow once it is up", number,
                   ports_[number].name());
  }
  return {};
}

Result<void> DpdkDatapath::make_kernel_faces(const Options& options) {
  for (std::size_t number = 0; number < options.kernel_faces.size(); ++number) {
    KernelFaceSettings settings;
    settings.port_number = static_cast<std::uint32_t>(number);
    settings.tap = {options.kernel_faces[number], ports_[number].mac(), ports_[number].mtu_bytes()};
    settings.worker_count = options.cores.worker_count;
    auto face = DpdkKernelFace::create(settings, pools_.front().second.get());
    if (!face) return failure_of(face);
    kernel_faces_.push_back(std::move(*face));
  }
  return {};
}

Result<void> DpdkDatapath::start_workers(const Options& options, const CorePlan& cores) {
  IdleSettings idle;
  idle.enabled = !options.busy_poll;
  for (std::uint32_t index = 0; index < options.cores.worker_count; ++index) {
    const VisitCore visit(cores.worker_cores[index]);
    auto pipeline = Pipeline::create(capacities_, health_.table(), crew_, counters_.worker(index), random_number());
    if (!pipeline) return failure_of(pipeline);
    std::vector<WorkerPort> ports;
    for (std::size_t number = 0; number < ports_.size(); ++number) {
      queues_.push_back(ports_[number].queue(static_cast<std::uint16_t>(index)));
      ports.push_back({queues_.back().get(), kernel_faces_.empty() ? nullptr : &kernel_faces_[number]->queue(index)});
    }
    workers_.push_back(std::make_unique<Worker>(index, snapshots_, std::move(*pipeline), counters_.worker(index),
                                                std::move(ports), idle, counters_.cycles_per_second(),
                                                capture_.worker(index)));
  }
  for (const auto& worker : workers_) {
    if (auto launched = eal_.launch(*worker, stop_); !launched) return launched;
  }
  return {};
}

DpdkDatapath::~DpdkDatapath() {
  stop_.store(true, std::memory_order_relaxed);
  eal_.wait_for_workers();
}

bool DpdkDatapath::keep_house() noexcept {
  bool moved = false;
  for (const auto& face : kernel_faces_) moved = face->move() || moved;
  return moved;
}

void DpdkDatapath::describe(door::Welcome& welcome) const {
  copy_text("guideway-dpdk", welcome.datapath);
  welcome.process_id = static_cast<std::uint32_t>(::getpid());
  welcome.worker_count = static_cast<std::uint32_t>(workers_.size());
  welcome.port_count = static_cast<std::uint32_t>(ports_.size());
  for (std::size_t number = 0; number < ports_.size(); ++number) {
    door::PortDescription& port = welcome.ports[number];
    port.number = static_cast<std::uint32_t>(number);
    port.mtu_bytes = ports_[number].mtu_bytes();
    port.mac = ports_[number].mac();
    copy_text(ports_[number].name(), port.name);
    if (!kernel_faces_.empty()) copy_text(kernel_faces_[number]->interface_name(), port.kernel_face);
  }
}

door::SharedMemory DpdkDatapath::shared_memory() const {
  return {health_.fd(), health_.length_bytes(), counters_.fd(), counters_.length_bytes()};
}

Result<std::optional<door::FoundFlow>> DpdkDatapath::find_flow(std::uint64_t hash) {
  for (const auto& worker : workers_) {
    FlowQuestion question;
    question.hash = hash;
    if (!worker->mailbox().ask(question, worker_patience))
      return failure("worker " + std::to_string(worker->index()) + " does not answer");
    if (question.answer)
      return std::optional(door::FoundFlow{worker->index(), question.answer->backend,
                                           static_cast<std::uint32_t>(question.answer->state),
                                           question.answer->remaining_ticks});
  }
  return std::optional<door::FoundFlow>{};
}

Result<FlowScan> DpdkDatapath::read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                          std::span<gw_flow_entry> room) {
  return scan_flows(workers_[worker]->flows().all(), first_bucket, now_ticks(), room);
}

}  // namespace guideway
