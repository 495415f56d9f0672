// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp_datapath/datapath.hh"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "dataplane/forwarding/flow_table.hh"
#include "dataplane/xdp/dispatcher.hh"
#include "dataplane/xdp_datapath/interface.hh"
#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr std::chrono::milliseconds house_interval{50};

template <std::size_t size>
void copy_text(const std::string& text, std::array<char, size>& to) {
  std::memcpy(to.data(), text.data(), std::min(text.size(), size - 1));
}

// A packet may come in on any CPU, so every CPU that there may be is a worker.
Result<std::uint32_t> count_workers() {
  const long cpus = ::sysconf(_SC_NPROCESSORS_CONF);
  if (cpus > 0 && cpus <= static_cast<long>(GW_WORKERS_MAX)) return static_cast<std::uint32_t>(cpus);
  return failure("this machine has " + std::to_string(cpus) + " CPUs, at most " + std::to_string(GW_WORKERS_MAX) +
                 " can be workers");
}

// Of the flow table, that are copied and scanned together.
constexpr std::size_t buckets_copied = 512;

}  // namespace

XdpDatapath::XdpDatapath(const XdpDatapathOptions& options, Pins pins, std::unique_ptr<XdpProgram> program,
                         SnapshotMaps maps)
    : interfaces_(options.interfaces),
      pins_(std::move(pins)),
      program_(std::move(program)),
      maps_(std::move(maps)),
      newest_(Snapshot::empty()),
      sweeper_(*program_) {}

Result<std::unique_ptr<XdpDatapath>> XdpDatapath::start(const XdpDatapathOptions& options) {
  for (const std::string& interface : options.interfaces) {
    if (auto facts = examine_interface(interface); !facts) return failure_of(facts);
  }
  const auto workers = count_workers();
  if (!workers) return failure_of(workers);
  auto pins = Pins::claim(options.pin_directory);
  if (!pins) return failure_of(pins);
  auto datapath = start_with(options, *workers, std::move(*pins));
  if (!datapath) Pins::remove_empty(options.pin_directory);
  return datapath;
}

Result<std::unique_ptr<XdpDatapath>> XdpDatapath::start_with(const XdpDatapathOptions& options,
                                                             std::uint32_t worker_count, Pins pins) {
  XdpOptions wanted;
  wanted.capacities = options.capacities;
  wanted.worker_count = worker_count;
  wanted.decision_is_told = false;
  wanted.listener_holds_fragments = true;
  wanted.flows_wander = true;
  wanted.egress_by_port = options.interfaces.size() > 1;
  wanted.pin_directory = pins.directory();
  auto program = XdpProgram::load(wanted);
  if (!program) return failure_of(program);
  auto maps = SnapshotMaps::create(**program);
  if (!maps) return failure_of(maps);
  auto held_fragments = HeldFragments::create(**program);
  if (!held_fragments) return failure_of(held_fragments);

  std::unique_ptr<XdpDatapath> datapath(
      new XdpDatapath(options, std::move(pins), std::move(*program), std::move(*maps)));
  datapath->held_fragments_ = std::move(*held_fragments);
  if (auto attached = datapath->attach(options.mode); !attached) {
    // A predecessor's program is at work yet: it stays so. Where there was none, nothing stays.
    if (!datapath->program_->is_successor()) static_cast<void>(datapath->detach());
    return failure_of(attached);
  }
  return datapath;
}

Result<void> XdpDatapath::attach(XdpMode mode) {
  for (std::uint32_t number = 0; number < interfaces_.size(); ++number) {
    auto facts = examine_interface(interfaces_[number]);
    if (!facts) return failure_of(facts);
    if (auto set = program_->set_port(number, facts->index); !set) return set;
  }
  const auto dispatcher = check_dispatcher();
  std::vector<std::uint32_t> dispatched;
  for (std::uint32_t number = 0; number < interfaces_.size(); ++number) {
    // What a former process has put there alone is replaced there, in one step.
    bool is_dispatched = dispatcher && !std::filesystem::exists(pins_.port(number));
    auto attachment = attach_port(number, mode, is_dispatched);
    if (!attachment) return failure_of(attachment);
    if (is_dispatched) {
      dispatched.push_back(attachment->interface_index());
      if (auto added = pins_.add_dispatched(dispatched.back()); !added) return added;
    }
    attachments_.push_back(std::move(*attachment));
    tell_of(interfaces_[number], attachments_.back());
  }
  pins_.remove_ports_from(static_cast<std::uint32_t>(interfaces_.size()));
  pins_.keep_dispatched(dispatched);
  // Not before: what fails at start is one sentence.
  if (!dispatcher) spdlog::info("{}", dispatcher.error().message);
  return {};
}

Result<Attachment> XdpDatapath::attach_port(std::uint32_t number, XdpMode mode, bool& is_dispatched) const {
  if (is_dispatched) {
    const auto entry = DispatchedEntry::open(pins_.entry());
    auto beside = entry ? Attachment::attach_dispatched(*program_, interfaces_[number], mode, *entry)
                        : Result<Attachment>(failure_of(entry));
    if (beside) return beside;
    spdlog::warn("libxdp's dispatcher does not take it, so it goes there alone: {}", beside.error().message);
    is_dispatched = false;
  }
  return Attachment::attach(*program_, interfaces_[number], mode, pins_.port(number));
}

void XdpDatapath::tell_of(const std::string& interface, const Attachment& attachment) const {
  spdlog::info("attached interface={} mode={} {}", interface, attachment.is_native() ? "native" : "generic",
               attachment.is_replacement() ? "in place of the former program" : "anew");
  if (!attachment.warning().empty()) spdlog::warn("{}", attachment.warning());
  for (const std::string& finding : find_offloads(interface, attachment.is_native())) spdlog::warn("{}", finding);
  const auto facts = examine_interface(interface);
  if (facts && !facts->is_up) spdlog::warn("interface \"{}\" is down; packets flow once it is up", interface);
}

void XdpDatapath::keep_house() {
  pollfd waits{held_fragments_->fd(), POLLIN, 0};
  const bool has_come = ::poll(&waits, 1, static_cast<int>(house_interval.count())) == 1;
  if (has_come || !held_fragments_->is_empty()) held_fragments_->serve();
  const auto now = std::chrono::steady_clock::now();
  if (now < next_sweep_) return;
  next_sweep_ = now + house_interval;
  program_->follow_wall_clock();
  if (sweeper_.sweep_all() || !can_sweep_) return;
  can_sweep_ = false;
  spdlog::warn("expired flows cannot be swept on every CPU; they go when their bucket is asked");
}

Result<void> XdpDatapath::detach() {
  attachments_.clear();
  return pins_.remove_all();
}

void XdpDatapath::describe(door::Welcome& welcome) const {
  copy_text("guideway-xdp", welcome.datapath);
  welcome.process_id = static_cast<std::uint32_t>(::getpid());
  welcome.worker_count = program_->worker_count();
  welcome.port_count = static_cast<std::uint32_t>(interfaces_.size());
  for (std::uint32_t number = 0; number < interfaces_.size(); ++number) {
    door::PortDescription& port = welcome.ports[number];
    port.number = number;
    copy_text(interfaces_[number], port.name);
    // The interface itself stays the kernel's.
    copy_text(interfaces_[number], port.kernel_face);
    const auto facts = examine_interface(interfaces_[number]);
    if (!facts) continue;  // it has gone since; nothing can be reached by it
    port.mtu_bytes = facts->mtu_bytes;
    port.mac = facts->mac;
  }
}

door::SharedMemory XdpDatapath::shared_memory() const {
  return {program_->health_fd(), std::uint64_t{program_->capacities().backends_max} * sizeof(std::uint64_t),
          program_->counters_fd(), program_->counters_bytes()};
}

Result<void> XdpDatapath::publish(std::unique_ptr<const Snapshot> next) {
  if (auto published = maps_.publish(*next); !published) return published;
  newest_ = std::move(next);
  return {};
}

Result<std::optional<door::FoundFlow>> XdpDatapath::find_flow(std::uint64_t hash) {
  const std::uint64_t stored_hash = hash == 0 ? 1 : hash;
  for (std::uint32_t worker = 0; worker < program_->worker_count(); ++worker) {
    const auto bucket = program_->flow_bucket(worker, hash);
    if (!bucket) return failure_of(bucket);
    for (const gw_flow_entry& entry : bucket->entries) {
      if (entry.hash != stored_hash || FlowTable::remaining_ticks(entry, now_ticks()) == 0) continue;
      return std::optional(door::FoundFlow{worker, entry.backend >> 8U, entry.deadline & 0xfU,
                                           FlowTable::remaining_ticks(entry, now_ticks())});
    }
  }
  return std::optional<door::FoundFlow>{};
}

// The clock of the program (bpf_ktime_get_coarse_ns).
std::uint32_t XdpDatapath::now_ticks() const {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  const auto tick_ns = static_cast<std::uint64_t>(1'000'000'000 / GW_TICKS_PER_SECOND);
  return static_cast<std::uint32_t>(
      (static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec)) / tick_ns);
}

Result<FlowScan> XdpDatapath::read_flows(std::uint32_t worker, std::uint32_t first_bucket,
                                         std::span<gw_flow_entry> room) {
  // The program writes while the kernel copies: an entry that two copies have alike is whole.
  std::vector<gw_flow_bucket> buckets(buckets_copied);
  std::vector<gw_flow_bucket> again(buckets_copied);
  const auto count = program_->flow_buckets(worker, first_bucket, buckets);
  const auto count_again = program_->flow_buckets(worker, first_bucket, again);
  if (!count) return failure_of(count);
  if (!count_again) return failure_of(count_again);
  buckets.resize(std::min(*count, *count_again));
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    for (std::size_t place = 0; place < GW_FLOWS_PER_BUCKET; ++place) {
      gw_flow_entry& entry = buckets[i].entries[place];
      const gw_flow_entry& other = again[i].entries[place];
      if (entry.hash != other.hash || entry.backend != other.backend) entry.hash = 0;
    }
  }
  FlowScan scan = scan_flows(buckets, 0, now_ticks(), room);
  const std::uint32_t next =
      first_bucket + (scan.next_bucket != 0 ? scan.next_bucket : static_cast<std::uint32_t>(buckets.size()));
  scan.next_bucket = buckets.empty() || next >= program_->flow_bucket_count() ? 0 : next;
  return scan;
}

}  // namespace guideway
