// SPDX-License-Identifier: Apache-2.0
// The skeleton is filled in, loaded, pinned and only then attached: no packet meets a program that is not ready.
// Whatever fails on the way leaves nothing behind.
#include "ebpf/decapsulate/attachment.hh"

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <unistd.h>

#include "ebpf/decapsulate/hooks.hh"

#include <decapsulate.skel.h>

namespace guideway::decapsulate {
namespace {

struct Destroy {
  void operator()(::decapsulate* skeleton) const { decapsulate__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<::decapsulate, Destroy>;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

gw_decapsulate_settings settings_of(const AttachOptions& options) {
  gw_decapsulate_settings settings{};
  settings.gue_port = options.gue_port;
  settings.gre_key = options.gre_key.value_or(0);
  settings.has_gre_key = options.gre_key ? 1 : 0;
  settings.restores = options.services.empty() ? 0 : 1;
  return settings;
}

Result<Skeleton> load(const AttachOptions& options, bool xdp) {
  Skeleton skeleton(decapsulate__open());
  if (!skeleton) return failure(fmt::format("cannot open the BPF program: {}", reason(errno)));
  skeleton->rodata_settings->settings = settings_of(options);
  bpf_program__set_autoload(skeleton->progs.decapsulate_xdp, xdp);
  bpf_program__set_autoload(skeleton->progs.decapsulate_tc, !xdp);
  const int error = -decapsulate__load(skeleton.get());
  if (error == 0) return skeleton;
  if (error == EPERM || error == EACCES) return failure(fmt::format("cannot load a BPF program: {}", reason(error)));
  return failure(fmt::format("the kernel refuses the {} program ({}); {}", xdp ? "XDP" : "tc", std::strerror(error),
                             xdp ? "XDP needs Linux 5.18 here; use --mode tc" : "it needs Linux 5.10 with BPF"));
}

Result<void> fill_list(const bpf_map* ipv4, const bpf_map* ipv6, const std::vector<Prefix>& prefixes) {
  for (const Prefix& prefix : prefixes) {
    gw_decapsulate_ipv6_prefix key{};  // the IPv4 key is its beginning
    key.bits = prefix.bits;
    std::memcpy(key.address, prefix.address, sizeof(key.address));
    const std::uint8_t yes = 1;
    if (bpf_map_update_elem(bpf_map__fd(prefix.family == AF_INET ? ipv4 : ipv6), &key, &yes, BPF_ANY) != 0)
      return failure(fmt::format("cannot write {} into a list of the program: {}", prefix.text(), reason(errno)));
  }
  return {};
}

Result<void> fill_services(const bpf_map* map, const std::vector<DscpAddress>& services) {
  std::array<gw_decapsulate_service, GW_DECAPSULATE_DSCPS> rows{};
  for (const DscpAddress& service : services) {
    gw_decapsulate_service& row = rows[service.dscp];
    if (service.address.family == AF_INET) {
      std::memcpy(row.ipv4, service.address.address, sizeof(row.ipv4));
      row.has_ipv4 = 1;
    } else {
      std::memcpy(row.ipv6, service.address.address, sizeof(row.ipv6));
      row.has_ipv6 = 1;
    }
  }
  for (std::uint32_t dscp = 0; dscp < rows.size(); dscp++) {
    if (bpf_map_update_elem(bpf_map__fd(map), &dscp, &rows[dscp], BPF_ANY) != 0)
      return failure(fmt::format("cannot write DSCP {} into the program: {}", dscp, reason(errno)));
  }
  return {};
}

Result<void> fill_all(const ::decapsulate& skeleton, const AttachOptions& options) {
  const auto& maps = skeleton.maps;
  if (auto done = fill_list(maps.allowed_ipv4, maps.allowed_ipv6, options.allow); !done) return done;
  if (auto done = fill_list(maps.local_ipv4, maps.local_ipv6, options.local); !done) return done;
  return fill_services(maps.services, options.services);
}

Result<void> pin_maps(const Place& place, ::decapsulate& skeleton) {
  std::error_code error;
  std::filesystem::create_directories(place.folder, error);
  if (error) return failure(fmt::format("cannot make {}: {}", place.folder.string(), reason(error.value())));
  const auto& maps = skeleton.maps;
  for (bpf_map* map : {maps.allowed_ipv4, maps.allowed_ipv6, maps.local_ipv4, maps.local_ipv6, maps.services,
                       maps.counters, maps.attachment}) {
    if (const int failed = bpf_map__pin(map, place.pin(bpf_map__name(map)).c_str()); failed != 0)
      return failure(fmt::format("cannot pin in {}: {}", place.folder.string(), reason(-failed)));
  }
  return {};
}

Result<void> write_attachment(int map_fd, const gw_decapsulate_attachment& attachment) {
  const std::uint32_t zero = 0;
  if (bpf_map_update_elem(map_fd, &zero, &attachment, BPF_ANY) == 0) return {};
  return failure(fmt::format("cannot write the attachment down: {}", reason(errno)));
}

Result<gw_decapsulate_attachment> read_attachment(const Place& place) {
  const Descriptor map(bpf_obj_get(place.pin("attachment").c_str()));
  gw_decapsulate_attachment attachment{};
  const std::uint32_t zero = 0;
  if (map.get() >= 0 && bpf_map_lookup_elem(map.get(), &zero, &attachment) == 0) return attachment;
  if (errno == ENOENT || errno == ENOTDIR)
    return failure(fmt::format("nothing is attached to {}; `guideway-decapsulate attach` does that", place.interface));
  return failure(fmt::format("cannot read what is attached to {}: {}", place.interface, reason(errno)));
}

// One way, from loading to attaching.
Result<Attached> attach_by(const Place& place, const AttachOptions& options, bool xdp, bool native_only) {
  auto skeleton = load(options, xdp);
  if (!skeleton) return failure_of(skeleton);
  if (auto done = fill_all(**skeleton, options); !done) return failure_of(done);
  if (auto done = pin_maps(place, **skeleton); !done) return failure_of(done);
  Attached attached;
  gw_decapsulate_attachment attachment{};
  attachment.settings = settings_of(options);
  attachment.mode = GW_DECAPSULATE_TC;
  if (xdp) {
    const auto mode =
        hang_on_xdp(place, bpf_program__fd((*skeleton)->progs.decapsulate_xdp), native_only, attached.why_not_native);
    if (!mode) return failure_of(mode);
    attachment.mode = *mode;
  } else if (auto done = hang_on_tc(place, bpf_program__fd((*skeleton)->progs.decapsulate_tc), attachment); !done) {
    return failure_of(done);
  }
  attached.mode = static_cast<gw_decapsulate_mode>(attachment.mode);
  if (auto done = write_attachment(bpf_map__fd((*skeleton)->maps.attachment), attachment); !done) {
    if (!xdp) (void)take_off_tc(place, attachment);
    return failure_of(done);
  }
  return attached;
}

template <typename Key>
void read_prefixes(const Place& place, const char* name, int family, std::vector<std::string>& into) {
  const Descriptor map(bpf_obj_get(place.pin(name).c_str()));
  Key key{};
  const void* previous = nullptr;
  while (map.get() >= 0 && bpf_map_get_next_key(map.get(), previous, &key) == 0) {
    Prefix prefix;
    prefix.family = family;
    prefix.bits = key.bits;
    std::memcpy(prefix.address, key.address, sizeof(key.address));
    into.push_back(prefix.text());
    previous = &key;
  }
}

void read_services(const Place& place, std::vector<std::string>& into) {
  const Descriptor map(bpf_obj_get(place.pin("services").c_str()));
  for (std::uint32_t dscp = 0; dscp < GW_DECAPSULATE_DSCPS; dscp++) {
    gw_decapsulate_service row{};
    if (map.get() < 0 || bpf_map_lookup_elem(map.get(), &dscp, &row) != 0) return;
    DscpAddress service{dscp, {}};
    if (row.has_ipv4 != 0) {
      service.address.family = AF_INET;
      std::memcpy(service.address.address, row.ipv4, sizeof(row.ipv4));
      into.push_back(service.text());
    }
    if (row.has_ipv6 != 0) {
      service.address.family = AF_INET6;
      std::memcpy(service.address.address, row.ipv6, sizeof(row.ipv6));
      into.push_back(service.text());
    }
  }
}

}  // namespace

std::string mode_name(std::uint32_t mode) {
  switch (mode) {
    case GW_DECAPSULATE_XDP_NATIVE:
      return "xdp-native";
    case GW_DECAPSULATE_XDP_GENERIC:
      return "xdp-generic";
    case GW_DECAPSULATE_TC:
      return "tc";
    default:
      return "nothing";
  }
}

Result<Attached> attach(const Place& place, const AttachOptions& options) {
  if (auto done = need_bpffs(place.folder.parent_path().parent_path().parent_path()); !done) return failure_of(done);
  sweep(place);
  std::error_code error;
  if (std::filesystem::exists(place.folder, error)) {
    const auto before = read_attachment(place);
    if (before && hangs(place, *before))
      return failure(fmt::format("already attached to {} ({}); `guideway-decapsulate detach --interface {}` first",
                                 place.interface, mode_name(before->mode), place.interface));
    if (auto done = remove_pins(place); !done) return failure_of(done);
  }
  if (error) return failure(fmt::format("cannot look into {}: {}", place.folder.string(), reason(error.value())));
  std::string why_not_native;
  if (options.mode != Mode::tc) {
    auto attached = attach_by(place, options, true, options.mode == Mode::automatic);
    if (attached) return attached;
    (void)remove_pins(place);
    if (options.mode == Mode::xdp) return attached;
    why_not_native = attached.error().message;
  }
  auto attached = attach_by(place, options, false, false);
  if (attached)
    attached->why_not_native = why_not_native;
  else
    (void)remove_pins(place);
  return attached;
}

Result<void> detach(const Place& place) {
  const auto attachment = read_attachment(place);
  if (!attachment) return failure_of(attachment);
  if (attachment->mode == GW_DECAPSULATE_TC) {
    if (auto done = take_off_tc(place, *attachment); !done) return done;
  }
  return remove_pins(place);
}

Result<Status> status(const Place& place) {
  const auto attachment = read_attachment(place);
  if (!attachment) return failure_of(attachment);
  Status status;
  status.attachment = *attachment;
  status.alive = hangs(place, *attachment);
  read_prefixes<gw_decapsulate_ipv4_prefix>(place, "allowed_ipv4", AF_INET, status.allow);
  read_prefixes<gw_decapsulate_ipv6_prefix>(place, "allowed_ipv6", AF_INET6, status.allow);
  read_prefixes<gw_decapsulate_ipv4_prefix>(place, "local_ipv4", AF_INET, status.local);
  read_prefixes<gw_decapsulate_ipv6_prefix>(place, "local_ipv6", AF_INET6, status.local);
  read_services(place, status.services);
  const int cpus = libbpf_num_possible_cpus();
  const Descriptor map(bpf_obj_get(place.pin("counters").c_str()));
  std::vector<gw_decapsulate_counters> counters(cpus > 0 ? static_cast<std::size_t>(cpus) : 1);
  const std::uint32_t zero = 0;
  if (cpus <= 0 || map.get() < 0 || bpf_map_lookup_elem(map.get(), &zero, counters.data()) != 0)
    return failure(fmt::format("cannot read the counters of {}: {}", place.interface, reason(errno)));
  for (const auto& one : counters) {
    status.received_packets += one.received_packets;
    for (std::size_t number = 0; number < status.outcomes.size(); number++)
      status.outcomes[number] += one.outcomes[number];
  }
  return status;
}

}  // namespace guideway::decapsulate
