// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/pinned_maps.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cerrno>
#include <cstring>

#include "dataplane/base/unique_fd.hh"
#include "ebpf/layout.h"

namespace guideway {
namespace {

// What every program has for itself: read-only memory, scratch space, and where its own ports lead to.
bool is_its_own(const bpf_map* map) {
  const bpf_map_type type = bpf_map__type(map);
  return bpf_map__is_internal(map) || type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_DEVMAP ||
         type == BPF_MAP_TYPE_RINGBUF;
}

tl::unexpected<Error> does_not_fit(const std::string& directory, const std::string& what) {
  return failure("what is kept in " + directory + " " + what +
                 ": start with the same capacities and version, or take it off first (guideway-xdp detach)");
}

// Whether the map that is kept there may be used as `wanted`; false if there is none.
Result<bool> check_map(const bpf_map* wanted, const std::string& path, const std::string& directory) {
  const UniqueFd kept(bpf_obj_get(path.c_str()));
  if (!kept && errno == ENOENT) return false;
  if (!kept) return failure("cannot open " + path + ": " + std::strerror(errno));
  bpf_map_info info{};
  __u32 length = sizeof info;
  if (bpf_obj_get_info_by_fd(kept.get(), &info, &length) != 0)
    return failure("cannot examine " + path + ": " + std::strerror(errno));
  const std::string name = bpf_map__name(wanted);
  if (info.max_entries != bpf_map__max_entries(wanted))
    return does_not_fit(directory, "has room for " + std::to_string(info.max_entries) + " " + name + ", not for " +
                                       std::to_string(bpf_map__max_entries(wanted)));
  if (info.key_size != bpf_map__key_size(wanted) || info.value_size != bpf_map__value_size(wanted))
    return does_not_fit(directory, "is of another version (" + name + ")");
  return true;
}

Result<void> check_version(const std::string& counters_path, const std::string& directory) {
  const UniqueFd kept(bpf_obj_get(counters_path.c_str()));
  const __u32 first = 0;
  gw_xdp_line line{};
  if (!kept || bpf_map_lookup_elem(kept.get(), &first, &line) != 0)
    return failure("cannot read " + counters_path + ": " + std::strerror(errno));
  gw_counters_header header{};
  std::memcpy(&header, &line, sizeof header);
  if (header.abi_version == GW_ABI_VERSION) return {};
  return does_not_fit(directory, "is of ABI version " + std::to_string(header.abi_version) + ", this program of " +
                                     std::to_string(GW_ABI_VERSION));
}

}  // namespace

Result<bool> keep_maps(bpf_object* object, bpf_map* control, const std::string& directory) {
  std::size_t found = 0;
  std::size_t wanted = 0;
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (map != control && is_its_own(map)) continue;
    // The filesystem takes no dots, which the names of such memory have.
    const std::string path = directory + "/" + (map == control ? "control" : bpf_map__name(map));
    const auto fits = check_map(map, path, directory);
    if (!fits) return failure_of(fits);
    found += *fits ? 1 : 0;
    ++wanted;
    if (const int error = bpf_map__set_pin_path(map, path.c_str()); error != 0)
      return failure("cannot keep " + path + ": " + std::strerror(-error));
  }
  if (found == 0) return false;
  if (found != wanted) return does_not_fit(directory, "is not complete");
  if (auto checked = check_version(directory + "/counters", directory); !checked) return failure_of(checked);
  return true;
}

}  // namespace guideway
