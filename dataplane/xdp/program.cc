// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/program.hh"

#include <balancer.skel.h>
#include <bpf/bpf.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <string>

#include "dataplane/xdp/kernel_support.hh"
#include "dataplane/xdp/pinned_maps.hh"

namespace guideway {
namespace {

// What libbpf complained about first: usually the reason. The verifier's log would fill screens.
thread_local std::string first_complaint;

int take_complaint(libbpf_print_level level, const char* format, va_list values) {
  if (level != LIBBPF_WARN || !first_complaint.empty()) return 0;
  std::array<char, 512> text{};
  (void)std::vsnprintf(text.data(), text.size(), format, values);
  first_complaint = text.data();
  first_complaint = first_complaint.substr(0, first_complaint.find('\n'));
  return 0;
}

tl::unexpected<Error> cannot_load(int error) {
  const std::string why = std::strerror(error < 0 ? -error : error);
  // Why this program fails is told best by what a small one needs.
  if (const auto complaint = complaint_of(ask_kernel())) return failure(*complaint);
  if (error == -EPERM)
    return failure("the kernel refuses BPF: " + why +
                   "; run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON");
  return failure("the XDP program cannot be loaded: " + why + " (" + first_complaint + ")");
}

// Backend counters must not lie across two cache lines (ebpf/maps.bpf.h): rows of services come in fours.
Capacities rounded(Capacities capacities) {
  capacities.services_max = (capacities.services_max + 3) / 4 * 4;
  return capacities;
}

// Room for what waits between two looks of HeldFragments: some 1,000 frames of usual size.
constexpr std::uint32_t fragment_events_bytes = 1U << 20U;

gw_xdp_holding holder(const XdpOptions& options) {
  if (options.holds_fragments) return GW_XDP_CALLER_HOLDS;
  return options.listener_holds_fragments ? GW_XDP_LISTENER_HOLDS : GW_XDP_NOBODY_HOLDS;
}

std::uint32_t stride_bytes(const Capacities& capacities) {
  const std::uint64_t bytes = sizeof(gw_worker_counters) +
                              std::uint64_t{capacities.services_max} * sizeof(gw_service_counters) +
                              std::uint64_t{capacities.backends_max} * sizeof(gw_backend_counters);
  return static_cast<std::uint32_t>((bytes + 127) / 128 * 128);
}

std::uint32_t counter_lines(const Capacities& capacities, std::uint32_t worker_count) {
  return (static_cast<std::uint32_t>(sizeof(gw_counters_header)) + stride_bytes(capacities) * worker_count) /
         GW_XDP_LINE_BYTES;
}

}  // namespace

Result<std::unique_ptr<XdpProgram>> XdpProgram::load(const XdpOptions& options) {
  first_complaint.clear();
  libbpf_set_print(take_complaint);
  gw_balancer* skeleton = gw_balancer__open();
  if (skeleton == nullptr) return cannot_load(-errno);
  std::unique_ptr<XdpProgram> program(new XdpProgram(skeleton, rounded(options.capacities), options.worker_count));
  if (auto done = program->set_up(options); !done) return failure_of(done);
  return program;
}

XdpProgram::~XdpProgram() { gw_balancer__destroy(skeleton_); }

Result<void> XdpProgram::set_up(const XdpOptions& options) {
  const std::uint32_t buckets = gw_flow_bucket_count(capacities_.flows_max);
  const gw_capture_header capture = gw_capture_header_for(capacities_.services_max, options.worker_count);
  gw_xdp_knobs& knobs = skeleton_->rodata->knobs;
  knobs.services_max = capacities_.services_max;
  knobs.backends_max = capacities_.backends_max;
  knobs.bucket_count = buckets;
  knobs.worker_count = options.worker_count;
  knobs.worker_stride_lines = stride_bytes(capacities_) / GW_XDP_LINE_BYTES;
  knobs.capture_rings_row = static_cast<__u32>(capture.rings_offset / GW_CAPTURE_ROW_BYTES);
  knobs.ticks_are_given = options.ticks_are_given ? 1 : 0;
  knobs.decision_is_told = options.decision_is_told ? 1 : 0;
  knobs.egress_by_port = options.egress_by_port ? 1 : 0;
  knobs.flows_wander = options.flows_wander && options.worker_count > 1 ? 1 : 0;
  knobs.holds_fragments = static_cast<__u8>(holder(options));

  const auto& maps = skeleton_->maps;
  const struct {
    bpf_map* map;
    std::uint32_t max_entries;
  } sizes[] = {
      {maps.services, GW_XDP_SIDES * capacities_.services_max},
      {maps.service_addresses, GW_XDP_SIDES * capacities_.services_max},
      {maps.service_prefixes, GW_XDP_SIDES * capacities_.services_max},
      {maps.port_ranges, GW_XDP_SIDES * capacities_.services_max},
      {maps.backends, GW_XDP_SIDES * capacities_.backends_max},
      {maps.health, capacities_.backends_max},
      {maps.counters, counter_lines(capacities_, options.worker_count)},
      {maps.captures, static_cast<std::uint32_t>(gw_capture_memory_bytes(&capture) / GW_CAPTURE_ROW_BYTES)},
      {maps.flows, options.worker_count * buckets},
      {maps.workers, options.worker_count},
      {maps.service_states, options.worker_count * capacities_.services_max},
      {maps.limit_cells, options.worker_count * GW_LIMIT_CELLS},
      {maps.fragments, options.worker_count * GW_XDP_FRAGMENT_BUCKETS},
      {maps.fragment_events, options.listener_holds_fragments ? fragment_events_bytes : 4096},
  };
  for (const auto& size : sizes) {
    if (const int error = bpf_map__set_max_entries(size.map, size.max_entries); error != 0) return cannot_load(error);
  }
  // The kernel lets only programs alike call each other: libxdp loads what calls this one without a type of attachment.
  bpf_program__set_expected_attach_type(skeleton_->progs.gw_balance, static_cast<bpf_attach_type>(0));
  if (!options.pin_directory.empty()) {
    auto found = keep_maps(skeleton_->obj, skeleton_->maps.bss, options.pin_directory);
    if (!found) return failure_of(found);
    is_successor_ = *found;
  }
  if (const int error = gw_balancer__load(skeleton_); error != 0) return cannot_load(error);
  return map_memory(options.worker_count);
}

Result<void> XdpProgram::map_memory(std::uint32_t worker_count) {
  auto health = MapMemory::of_rows<std::uint64_t>(bpf_map__fd(skeleton_->maps.health), capacities_.backends_max);
  if (!health) return failure_of(health);
  auto counters =
      MapMemory::of_rows<gw_xdp_line>(bpf_map__fd(skeleton_->maps.counters), counter_lines(capacities_, worker_count));
  if (!counters) return failure_of(counters);
  auto backends = MapMemory::of_rows<gw_backend>(bpf_map__fd(skeleton_->maps.backends),
                                                 std::size_t{GW_XDP_SIDES} * capacities_.backends_max);
  if (!backends) return failure_of(backends);
  const gw_capture_header capture = gw_capture_header_for(capacities_.services_max, worker_count);
  auto captures = MapMemory::of_bytes(captures_fd(), gw_capture_memory_bytes(&capture));
  if (!captures) return failure_of(captures);
  health_ = std::move(*health);
  counters_ = std::move(*counters);
  backends_ = std::move(*backends);
  captures_ = std::move(*captures);
  std::memcpy(captures_.data(), &capture, sizeof capture);
  follow_wall_clock();

  gw_counters_header header{};
  header.magic = GW_COUNTERS_MAGIC;
  header.abi_version = GW_ABI_VERSION;
  header.worker_count = worker_count;
  header.services_max = capacities_.services_max;
  header.backends_max = capacities_.backends_max;
  header.worker_stride_bytes = stride_bytes(capacities_);
  std::memcpy(counters_.data(), &header, sizeof header);
  return {};
}

WorkerCounters XdpProgram::counters(std::uint32_t worker) const noexcept {
  std::byte* block = counters_.data() + sizeof(gw_counters_header) + std::size_t{stride_bytes(capacities_)} * worker;
  auto* services = reinterpret_cast<gw_service_counters*>(block + sizeof(gw_worker_counters));
  auto* backends = reinterpret_cast<gw_backend_counters*>(services + capacities_.services_max);
  return {*reinterpret_cast<gw_worker_counters*>(block),
          {services, capacities_.services_max},
          {backends, capacities_.backends_max}};
}

std::span<gw_backend> XdpProgram::backends(std::uint32_t side) const noexcept {
  return backends_.rows<gw_backend>().subspan(std::size_t{side} * capacities_.backends_max, capacities_.backends_max);
}

volatile gw_xdp_control& XdpProgram::control() const noexcept { return skeleton_->bss->control; }

int XdpProgram::program_fd() const noexcept { return bpf_program__fd(skeleton_->progs.gw_balance); }

int XdpProgram::health_fd() const noexcept { return bpf_map__fd(skeleton_->maps.health); }
int XdpProgram::counters_fd() const noexcept { return bpf_map__fd(skeleton_->maps.counters); }
int XdpProgram::captures_fd() const noexcept { return bpf_map__fd(skeleton_->maps.captures); }

void XdpProgram::follow_wall_clock() const noexcept {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto monotonic = std::chrono::steady_clock::now().time_since_epoch();
  control().wall_offset_ns = static_cast<__u64>(std::chrono::nanoseconds(wall - monotonic).count());
}

Result<gw_flow_bucket> XdpProgram::flow_bucket(std::uint32_t worker, std::uint64_t hash) const {
  const std::uint32_t buckets = gw_flow_bucket_count(capacities_.flows_max);
  const std::uint32_t at = worker * buckets + gw_flow_bucket_index(hash, buckets);
  gw_flow_bucket bucket{};
  if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.flows), &at, &bucket) == 0) return bucket;
  return failure("the flow table of worker " + std::to_string(worker) + " cannot be read: " + std::strerror(errno));
}

std::uint32_t XdpProgram::flow_bucket_count() const noexcept { return gw_flow_bucket_count(capacities_.flows_max); }

Result<std::uint32_t> XdpProgram::flow_buckets(std::uint32_t worker, std::uint32_t first,
                                               std::span<gw_flow_bucket> room) const {
  const std::uint32_t buckets = flow_bucket_count();
  if (first >= buckets) return 0U;
  auto count = static_cast<std::uint32_t>(std::min<std::size_t>(room.size(), buckets - first));
  std::vector<std::uint32_t> keys(count);
  // The kernel is told the key before the first.
  std::uint32_t before = worker * buckets + first - 1;
  std::uint32_t last = 0;
  void* from = worker == 0 && first == 0 ? nullptr : &before;
  if (bpf_map_lookup_batch(bpf_map__fd(skeleton_->maps.flows), from, &last, keys.data(), room.data(), &count,
                           nullptr) != 0 &&
      errno != ENOENT)  // which only says that nothing follows
    return failure("the flow table of worker " + std::to_string(worker) + " cannot be read: " + std::strerror(errno));
  return count;
}

SnapshotMapFds XdpProgram::snapshot_maps() const noexcept {
  const auto& maps = skeleton_->maps;
  return {bpf_map__fd(maps.services),         bpf_map__fd(maps.service_addresses), bpf_map__fd(maps.port_ranges),
          bpf_map__fd(maps.service_prefixes), bpf_map__fd(maps.access_prefixes),   bpf_map__fd(maps.tables)};
}

Result<void> XdpProgram::set_port(std::uint32_t port, std::uint32_t interface_index) const {
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.ports), &port, &interface_index, BPF_ANY) == 0) return {};
  return failure("port " + std::to_string(port) + " cannot lead to interface " + std::to_string(interface_index) +
                 ": " + std::strerror(errno));
}

Result<XdpRun> XdpProgram::run(std::span<const std::byte> frame, std::span<std::byte> room) const {
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = static_cast<__u32>(frame.size());
  run.data_out = room.data();
  run.data_size_out = static_cast<__u32>(room.size());
  run.repeat = 1;
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.gw_balance), &run) != 0)
    return failure("the kernel does not run the XDP program on a frame of " + std::to_string(frame.size()) +
                   " bytes: " + std::strerror(errno));
  return XdpRun{run.retval, skeleton_->bss->decision, run.data_size_out};
}

int XdpProgram::fragment_events_fd() const noexcept { return bpf_map__fd(skeleton_->maps.fragment_events); }

Result<void> XdpProgram::put_back(std::span<const std::byte> frame, std::size_t metadata_bytes,
                                  std::uint32_t interface_index) const {
  xdp_md context{};
  context.data = static_cast<__u32>(metadata_bytes);
  context.data_end = static_cast<__u32>(frame.size());
  context.ingress_ifindex = interface_index;
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = static_cast<__u32>(frame.size());
  run.ctx_in = &context;
  run.ctx_size_in = sizeof context;
  run.repeat = 1;
  run.batch_size = 1;
  run.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.gw_balance), &run) == 0) return {};
  return failure(std::string("the kernel does not take a frame back: ") + std::strerror(errno));
}

Result<void> XdpProgram::sweep(std::uint32_t times) const {
  std::array<std::byte, 64> frame{};
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = frame.size();
  run.repeat = static_cast<int>(times);
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.gw_sweep), &run) == 0) return {};
  return failure(std::string("the kernel does not run the sweep: ") + std::strerror(errno));
}

}  // namespace guideway
