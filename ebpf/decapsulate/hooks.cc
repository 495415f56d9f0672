// SPDX-License-Identifier: Apache-2.0
// Of clsact the loader takes away what it made itself, and only if nobody else uses it by then.
#include "ebpf/decapsulate/hooks.hh"

#include <cerrno>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fmt/core.h>
#include <linux/if_link.h>
#include <linux/pkt_sched.h>
#include <netlink/route/classifier.h>
#include <netlink/socket.h>
#include <unistd.h>

namespace guideway::decapsulate {
namespace {

bpf_tc_hook ingress_of(const Place& place) {
  bpf_tc_hook hook{};
  hook.sz = sizeof(hook);
  hook.ifindex = static_cast<int>(place.index);
  hook.attach_point = BPF_TC_INGRESS;
  return hook;
}

// Filters of one direction; 0 also if they cannot be listed.
int count_filters(nl_sock* socket, const Place& place, std::uint32_t direction) {
  nl_cache* cache = nullptr;
  const std::uint32_t parent = TC_H_MAKE(TC_H_CLSACT, direction);
  if (rtnl_cls_alloc_cache(socket, static_cast<int>(place.index), parent, &cache) < 0) return -1;
  const int count = nl_cache_nitems(cache);
  nl_cache_free(cache);
  return count;
}

bool is_clsact_unused(const Place& place) {
  nl_sock* socket = nl_socket_alloc();
  if (socket == nullptr) return false;
  const bool unused = nl_connect(socket, NETLINK_ROUTE) == 0 && count_filters(socket, place, TC_H_MIN_INGRESS) == 0 &&
                      count_filters(socket, place, TC_H_MIN_EGRESS) == 0;
  nl_socket_free(socket);
  return unused;
}

bool is_ours_on_tc(const Place& place, const gw_decapsulate_attachment& attachment) {
  const bpf_tc_hook hook = ingress_of(place);
  bpf_tc_opts query{};
  query.sz = sizeof(query);
  query.handle = attachment.tc_handle;
  query.priority = attachment.tc_priority;
  return bpf_tc_query(&hook, &query) == 0 && query.prog_id == attachment.program_id;
}

void remove_clsact(const Place& place) {
  bpf_tc_hook whole = ingress_of(place);
  whole.attach_point = static_cast<bpf_tc_attach_point>(BPF_TC_INGRESS | BPF_TC_EGRESS);
  (void)bpf_tc_hook_destroy(&whole);
}

}  // namespace

Result<gw_decapsulate_mode> hang_on_xdp(const Place& place, int program_fd, bool native_only,
                                        std::string& why_not_native) {
  for (const std::uint32_t flags : {XDP_FLAGS_DRV_MODE, XDP_FLAGS_SKB_MODE}) {
    const bool native = flags == XDP_FLAGS_DRV_MODE;
    bpf_link_create_opts options{};
    options.sz = sizeof(options);
    options.flags = flags;
    const int link_fd = bpf_link_create(program_fd, static_cast<int>(place.index), BPF_XDP, &options);
    if (link_fd >= 0) {
      const int error = bpf_obj_pin(link_fd, place.pin("link").c_str()) == 0 ? 0 : errno;
      close(link_fd);  // an unpinned link is detached by this
      if (error != 0) return failure(fmt::format("cannot pin in {}: {}", place.folder.string(), reason(error)));
      return native ? GW_DECAPSULATE_XDP_NATIVE : GW_DECAPSULATE_XDP_GENERIC;
    }
    const int error = errno;
    if (error == EBUSY || error == EEXIST)
      return failure(
          fmt::format("another XDP program is attached to {}; detach that one, or use --mode tc", place.interface));
    const std::string why = fmt::format("the driver of {} takes no XDP program ({})", place.interface, reason(error));
    if (native) why_not_native = why;
    if (native && native_only) return failure(why);
  }
  return failure(fmt::format("the kernel takes no XDP program at {}; use --mode tc", place.interface));
}

Result<void> hang_on_tc(const Place& place, int program_fd, gw_decapsulate_attachment& attachment) {
  bpf_tc_hook hook = ingress_of(place);
  const int made = bpf_tc_hook_create(&hook);
  if (made != 0 && made != -EEXIST)
    return failure(fmt::format("cannot add clsact to {}: {}", place.interface, reason(-made)));
  attachment.made_clsact = made == 0 ? 1 : 0;
  bpf_tc_opts options{};
  options.sz = sizeof(options);
  options.prog_fd = program_fd;
  if (const int error = bpf_tc_attach(&hook, &options); error != 0) {
    if (made == 0) remove_clsact(place);
    return failure(fmt::format("cannot attach to tc ingress of {}: {}", place.interface, reason(-error)));
  }
  attachment.tc_handle = options.handle;
  attachment.tc_priority = options.priority;
  attachment.program_id = options.prog_id;
  return {};
}

Result<void> take_off_tc(const Place& place, const gw_decapsulate_attachment& attachment) {
  if (is_ours_on_tc(place, attachment)) {
    const bpf_tc_hook hook = ingress_of(place);
    bpf_tc_opts options{};
    options.sz = sizeof(options);
    options.handle = attachment.tc_handle;
    options.priority = attachment.tc_priority;
    if (const int error = bpf_tc_detach(&hook, &options); error != 0)
      return failure(fmt::format("cannot detach from tc ingress of {}: {}", place.interface, reason(-error)));
  }
  if (attachment.made_clsact != 0 && is_clsact_unused(place)) remove_clsact(place);
  return {};
}

bool hangs(const Place& place, const gw_decapsulate_attachment& attachment) {
  if (attachment.mode == GW_DECAPSULATE_TC) return is_ours_on_tc(place, attachment);
  const int link_fd = bpf_obj_get(place.pin("link").c_str());
  if (link_fd < 0) return false;
  bpf_link_info info{};
  std::uint32_t bytes = sizeof(info);
  const bool known = bpf_obj_get_info_by_fd(link_fd, &info, &bytes) == 0;
  close(link_fd);
  return known && info.xdp.ifindex == place.index;
}

}  // namespace guideway::decapsulate
