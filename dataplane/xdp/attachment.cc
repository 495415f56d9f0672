// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/attachment.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "dataplane/xdp/kernel_support.hh"

namespace guideway {
namespace {

UniqueFd link_to(const XdpProgram& program, std::uint32_t interface_index, std::uint32_t mode) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = mode;
  return UniqueFd(bpf_link_create(program.program_fd(), static_cast<int>(interface_index), BPF_XDP, &options));
}

std::string cost_of_generic(const std::string& interface, const std::string& why) {
  return "interface \"" + interface + "\" takes no native XDP program (" + why +
         "): generic XDP serves it, which costs every packet a socket buffer";
}

tl::unexpected<Error> is_taken(const std::string& interface) {
  return failure("interface \"" + interface + "\" has an XDP program already; take it off first");
}

// The link that a former process has pinned, if it holds this interface; a link that holds another one is let go.
UniqueFd find_link(const std::string& pin, std::uint32_t interface_index) {
  UniqueFd link(bpf_obj_get(pin.c_str()));
  if (!link) return link;
  bpf_link_info info{};
  __u32 length = sizeof info;
  if (bpf_obj_get_info_by_fd(link.get(), &info, &length) == 0 && info.type == BPF_LINK_TYPE_XDP &&
      info.xdp.ifindex == interface_index)
    return link;
  ::unlink(pin.c_str());
  return UniqueFd();
}

}  // namespace

Result<Attachment> Attachment::attach(const XdpProgram& program, const std::string& interface, XdpMode mode,
                                      const std::string& pin) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) return failure("there is no interface \"" + interface + "\" in this network namespace");
  if (pin.empty()) return attach_anew(program, interface, index, mode);

  if (UniqueFd link = find_link(pin, index)) {
    const auto attached = find_attached(index);
    const bool is_native = attached && attached->is_native;
    const bool is_as_wished = mode == XdpMode::automatic || (mode == XdpMode::native) == is_native;
    if (is_as_wished && bpf_link_update(link.get(), program.program_fd(), nullptr) == 0) {
      const bool is_news = mode == XdpMode::automatic && !is_native;
      Attachment attachment(std::move(link), index, is_native,
                            is_news ? cost_of_generic(interface, "as before") : std::string());
      attachment.is_replacement_ = true;
      return attachment;
    }
    ::unlink(pin.c_str());
  }
  auto attachment = attach_anew(program, interface, index, mode);
  if (attachment && bpf_obj_pin(attachment->link_.get(), pin.c_str()) != 0)
    return failure("cannot keep the program of interface \"" + interface + "\" at " + pin + ": " +
                   std::strerror(errno));
  return attachment;
}

Result<Attachment> Attachment::attach_dispatched(const XdpProgram& program, const std::string& interface, XdpMode mode,
                                                 const DispatchedEntry& entry) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) return failure("there is no interface \"" + interface + "\" in this network namespace");
  if (auto led = entry.lead_to(program.program_fd()); !led) return failure_of(led);
  if (DispatchedEntry::is_on(index)) {
    const auto attached = find_attached(index);
    const bool is_native = attached && attached->is_native;
    if (mode == XdpMode::automatic || (mode == XdpMode::native) == is_native) {
      const bool is_news = mode == XdpMode::automatic && !is_native;
      Attachment attachment(UniqueFd(), index, is_native, is_news ? cost_of_generic(interface, "as before") : "");
      attachment.is_replacement_ = true;
      return attachment;
    }
    DispatchedEntry::detach(index);
  }
  int native_error = 0;
  if (mode != XdpMode::generic) {
    native_error = entry.attach(index, true);
    if (native_error == 0) return Attachment(UniqueFd(), index, true, "");
    if (native_error == EBUSY || native_error == EEXIST) return is_taken(interface);
    if (mode == XdpMode::native)
      return failure("interface \"" + interface + "\" takes no native XDP program: " + attach_reason(native_error));
  }
  const int error = entry.attach(index, false);
  if (error == 0)
    return Attachment(UniqueFd(), index, false,
                      mode == XdpMode::generic ? "" : cost_of_generic(interface, attach_reason(native_error)));
  if (error == EBUSY || error == EEXIST) return is_taken(interface);
  return failure("XDP cannot be attached to interface \"" + interface + "\": " + attach_reason(error));
}

Result<Attachment> Attachment::attach_anew(const XdpProgram& program, const std::string& interface,
                                           std::uint32_t interface_index, XdpMode mode) {
  int native_error = 0;
  if (mode != XdpMode::generic) {
    UniqueFd native = link_to(program, interface_index, XDP_FLAGS_DRV_MODE);
    if (native) return Attachment(std::move(native), interface_index, true, "");
    native_error = errno;
    if (native_error == EBUSY || native_error == EEXIST) return is_taken(interface);
    if (mode == XdpMode::native)
      return failure("interface \"" + interface + "\" takes no native XDP program: " + attach_reason(native_error));
  }
  UniqueFd generic = link_to(program, interface_index, XDP_FLAGS_SKB_MODE);
  if (generic)
    return Attachment(std::move(generic), interface_index, false,
                      mode == XdpMode::generic ? "" : cost_of_generic(interface, attach_reason(native_error)));
  const int error = errno;
  if (error == EBUSY || error == EEXIST) return is_taken(interface);
  return failure("XDP cannot be attached to interface \"" + interface + "\": " +
                 (native_error != 0 ? "native: " + attach_reason(native_error) + ", generic: " : std::string()) +
                 attach_reason(error));
}

}  // namespace guideway
