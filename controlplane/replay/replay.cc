// SPDX-License-Identifier: Apache-2.0
#include "controlplane/replay/replay.hh"

#include <cstring>
#include <fstream>
#include <optional>
#include <unordered_map>

#include "controlplane/replay/health_events.hh"
#include "controlplane/replay/memory_datapath.hh"
#include "controlplane/replay/xdp_datapath.hh"
#include "dataplane/pipeline/exits.hh"
#include "dataplane/ports/pcap_port.hh"

namespace guideway {
namespace {

// What replay takes for the network that it does not have (docs/replay.md).
constexpr MacAddress placeholder_source{{0x02, 0x67, 0x77, 0xff, 0x00, 0x00}};
constexpr std::uint16_t placeholder_mtu_bytes = 1500;
const char* const placeholder_source_ipv4 = "192.0.2.254";
const char* const placeholder_source_ipv6 = "2001:db8::fe";

Reachability placeholder_reachability(const BackendRecord& record, const Config& config) {
  Reachability reach;
  reach.next_hop_mac =
      record.config.mac.value_or(MacAddress{{0x02, 0x67, 0x77, 0x00, static_cast<std::uint8_t>(record.index >> 8U),
                                             static_cast<std::uint8_t>(record.index)}});
  reach.source_mac = placeholder_source;
  reach.mtu_bytes = placeholder_mtu_bytes;
  const bool is_ipv4 = record.config.address.family == Family::ipv4;
  const auto& configured = is_ipv4 ? config.tunnel_source_ipv4 : config.tunnel_source_ipv6;
  reach.outer_source =
      configured ? *configured : *IpAddress::parse(is_ipv4 ? placeholder_source_ipv4 : placeholder_source_ipv6);
  return reach;
}

std::uint64_t initial_health(const BackendRecord& record) {
  switch (record.config.administrative) {
    case Administrative::draining:
      return gw_health_word(0, GW_HEALTH_DRAINING, GW_REASON_ADMINISTRATIVE, record.generation);
    case Administrative::disabled:
      return gw_health_word(0, GW_HEALTH_DOWN, GW_REASON_ADMINISTRATIVE, record.generation);
    case Administrative::enabled:
      break;
  }
  return gw_health_word(GW_SHARE_FULL, GW_HEALTH_UP, GW_REASON_NONE, record.generation);
}

// Rooms for exactly this configuration, so that a replay starts at once.
Capacities capacities_for(const Config& config) {
  Capacities capacities;
  capacities.services_max = 1;
  capacities.backends_max = 1;
  for (const ServiceConfig& service : config.services)
    capacities.services_max += static_cast<std::uint32_t>(service.addresses.size() * service.protocol.list().size());
  for (const PoolConfig& pool : config.pools)
    capacities.backends_max += static_cast<std::uint32_t>(pool.backends.size());
  return capacities;
}

Result<std::unique_ptr<ReplayDatapath>> make_datapath(const std::string& which, const Capacities& capacities) {
  if (which == "xdp") return make_xdp_datapath(capacities);
  if (which != "dpdk") return failure("datapath \"" + which + "\" is neither \"dpdk\" nor \"xdp\"");
  auto datapath = MemoryDatapath::create(capacities);
  if (!datapath) return failure_of(datapath);
  return std::move(*datapath);
}

// Where each flow went, to tell the spread and whether any flow moved.
class FlowWatch {
 public:
  void sent(std::uint64_t hash, std::uint32_t backend) {
    const auto [found, is_new] = flows_.try_emplace(hash, Seen{backend, false});
    found->second.moved |= !is_new && found->second.backend != backend;
    found->second.backend = backend;
  }
  void summarise(ReplayReport& report, const std::unordered_map<std::uint32_t, std::string>& names) const {
    report.flows = flows_.size();
    for (const auto& [hash, seen] : flows_) {
      report.flows_moved += seen.moved ? 1 : 0;
      ++report.backends[names.at(seen.backend)].flows;
    }
  }

 private:
  struct Seen {
    std::uint32_t backend;
    bool moved;
  };
  std::unordered_map<std::uint64_t, Seen> flows_;
};

class Replay {
 public:
  Replay(const Config& config, const ReplayOptions& options) : options_(options), ledger_(capacities_for(config)) {
    constexpr std::size_t room_count = burst_packets_max + GW_FRAGMENTS_HELD_MAX;
    rooms_.resize(room_count * frame_room_bytes);
    for (std::size_t i = 0; i < room_count; ++i) free_rooms_.push_back(rooms_.data() + i * frame_room_bytes);
  }

  Result<void> open(const Config& config) {
    auto datapath = make_datapath(options_.datapath, capacities_for(config));
    if (!datapath) return failure_of(datapath);
    datapath_ = std::move(*datapath);
    if (auto adopted = ledger_.adopt(config, {}, 0); !adopted) return adopted;
    ReachabilityByIndex reachability;
    for (const auto& [key, record] : ledger_.backends()) {
      names_[record.index] = key.pool + "/" + key.name;
      report_.backends[names_[record.index]];
      reachability[record.index] = placeholder_reachability(record, config);
      datapath_->health().store(record.index, initial_health(record));
    }
    if (auto installed = datapath_->install(ledger_.compile(1, reachability)); !installed) return installed;
    return open_files();
  }

  Result<ReplayReport> run() {
    for (;;) {
      auto frame = reader_->next();
      if (!frame) return failure_of(frame);
      if (!*frame) break;
      if (auto taken = take(**frame); !taken) return failure_of(taken);
    }
    if (auto flushed = flush(); !flushed) return failure_of(flushed);
    datapath_->give_up_held();
    if (auto written = write_released(); !written) return failure_of(written);
    if (auto finished = finish_files(); !finished) return failure_of(finished);
    report_.counters = datapath_->counters();
    watch_.summarise(report_, names_);
    return report_;
  }

 private:
  static constexpr std::size_t frame_room_bytes = GW_HEADROOM_BYTES + 65536 + 64;

  Result<void> open_files() {
    if (!options_.events.empty()) {
      auto events = read_health_events(options_.events, ledger_);
      if (!events) return failure_of(events);
      events_ = std::move(*events);
    }
    auto reader = PcapReader::open(options_.in);
    if (!reader) return failure_of(reader);
    reader_ = std::move(*reader);
    auto out = PcapWriter::create(options_.out);
    if (!out) return failure_of(out);
    out_ = std::move(*out);
    if (!options_.kernel.empty()) {
      auto kernel = PcapWriter::create(options_.kernel);
      if (!kernel) return failure_of(kernel);
      kernel_ = std::move(*kernel);
    }
    if (!options_.decisions.empty()) {
      decisions_.open(options_.decisions);
      if (!decisions_) return failure(options_.decisions + ": cannot be written");
    }
    return {};
  }

  // Adds a frame to the burst; what came before is decided first if time or health moves on.
  Result<void> take(const CapturedFrame& frame) {
    if (frame.bytes.size() > frame_room_bytes - GW_HEADROOM_BYTES)
      return failure(options_.in + ": a frame of " + std::to_string(frame.bytes.size()) + " bytes is too large");
    if (!first_time_ns_) first_time_ns_ = frame.time_ns;
    const std::uint64_t elapsed_ns = frame.time_ns >= *first_time_ns_ ? frame.time_ns - *first_time_ns_ : 0;
    const auto ticks = static_cast<std::uint32_t>(elapsed_ns * GW_TICKS_PER_SECOND / 1'000'000'000U);
    const double seconds = static_cast<double>(elapsed_ns) / 1e9;
    const bool event_is_due = next_event_ < events_.size() && events_[next_event_].at_seconds <= seconds;
    if (ticks != now_ticks_ || event_is_due || burst_.count == burst_packets_max) {
      if (auto flushed = flush(); !flushed) return flushed;
    }
    now_ticks_ = ticks;
    for (; next_event_ < events_.size() && events_[next_event_].at_seconds <= seconds; ++next_event_)
      datapath_->health().store(events_[next_event_].backend, events_[next_event_].word);

    std::byte* room = free_rooms_.back();
    free_rooms_.pop_back();
    std::memcpy(room + GW_HEADROOM_BYTES, frame.bytes.data(), frame.bytes.size());
    origins_[room] = {packet_number_++, frame.time_ns};
    Packet& packet = burst_.packets[burst_.count++];
    packet = Packet{};
    packet.data = room + GW_HEADROOM_BYTES;
    packet.buffer = room;
    packet.length_bytes = static_cast<std::uint32_t>(frame.bytes.size());
    packet.headroom_bytes = GW_HEADROOM_BYTES;
    return {};
  }

  // Decides the burst and writes what leaves, each packet's held fragments behind it. Expired ones go first: their time
  // was over before any of these came.
  Result<void> flush() {
    if (burst_.count == 0) return {};
    if (auto decided = datapath_->decide(burst_, now_ticks_); !decided) return decided;
    std::vector<Packet> released;
    if (auto taken = take_released(released); !taken) return taken;
    for (std::uint32_t i = 0; i < burst_.count; ++i) {
      const Packet& packet = burst_.packets[i];
      const std::uint64_t time_ns = origins_.at(packet.buffer).time_ns;
      if (packet.exit != GW_EXIT_HELD) {
        if (auto written = write(packet, time_ns); !written) return written;
      }
      for (const Packet& held : released) {
        if (held.released_after != i) continue;
        if (auto written = write(held, time_ns); !written) return written;
      }
    }
    burst_.count = 0;
    return {};
  }

  Result<void> take_released(std::vector<Packet>& released) {
    Burst some;
    for (;;) {
      if (auto taken = datapath_->take_released(some, now_ticks_); !taken) return taken;
      if (some.count == 0) return {};
      released.insert(released.end(), some.packets.begin(), some.packets.begin() + some.count);
    }
  }

  // Writes a packet that has its exit, and takes its room back.
  Result<void> write(const Packet& packet, std::uint64_t time_ns) {
    const std::span<const std::byte> frame{packet.data, packet.length_bytes};
    const ExitKind kind = kind_of(packet.exit);
    const bool is_sent = kind == ExitKind::sent;
    const auto origin = origins_.extract(packet.buffer);
    free_rooms_.push_back(static_cast<std::byte*>(origin.key()));
    if (decisions_.is_open())
      decisions_ << origin.mapped().number << ' ' << exit_names()[packet.exit].name << ' '
                 << (is_sent ? names_.at(packet.backend) : "-") << '\n';
    if (is_sent) {
      if (packet.kind == PacketKind::flow) watch_.sent(packet.hash, packet.backend);
      ++report_.backends[names_.at(packet.backend)].packets;
    }
    if (is_sent || kind == ExitKind::answered) return out_->write(time_ns, frame);
    if (kernel_ && kind == ExitKind::kernel) return kernel_->write(time_ns, frame);
    return {};
  }

  Result<void> write_released() {
    std::vector<Packet> released;
    if (auto taken = take_released(released); !taken) return taken;
    for (const Packet& packet : released) {
      if (auto written = write(packet, origins_.at(packet.buffer).time_ns); !written) return written;
    }
    return {};
  }

  Result<void> finish_files() {
    if (auto finished = out_->finish(); !finished) return finished;
    if (kernel_) {
      if (auto finished = kernel_->finish(); !finished) return finished;
    }
    if (decisions_.is_open() && !decisions_.flush()) return failure(options_.decisions + ": cannot be written");
    if (options_.counters.empty()) return {};
    std::ofstream counters(options_.counters);
    counters << counters_text(datapath_->counters());
    if (!counters.flush()) return failure(options_.counters + ": cannot be written");
    return {};
  }

  ReplayOptions options_;
  Ledger ledger_;
  std::unique_ptr<ReplayDatapath> datapath_;
  std::unordered_map<std::uint32_t, std::string> names_;  // by backend index
  std::optional<PcapReader> reader_;
  std::optional<PcapWriter> out_;
  std::optional<PcapWriter> kernel_;
  std::ofstream decisions_;
  std::vector<HealthEvent> events_;
  std::size_t next_event_ = 0;
  struct Origin {
    std::uint64_t number;
    std::uint64_t time_ns;
  };
  std::vector<std::byte> rooms_;
  std::vector<std::byte*> free_rooms_;
  std::unordered_map<void*, Origin> origins_;  // of the packets that are on their way, by room
  std::optional<std::uint64_t> first_time_ns_;
  std::uint32_t now_ticks_ = 0;
  std::uint64_t packet_number_ = 0;
  Burst burst_;
  FlowWatch watch_;
  ReplayReport report_;
};

}  // namespace

Result<ReplayReport> replay(const Config& config, const ReplayOptions& options) {
  const auto run = std::make_unique<Replay>(config, options);
  if (auto opened = run->open(config); !opened) return failure_of(opened);
  return run->run();
}

}  // namespace guideway
