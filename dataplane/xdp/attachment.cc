// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/attachment.hh"

#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace guideway {
namespace {

UniqueFd link_to(const XdpProgram& program, std::uint32_t interface_index, std::uint32_t mode) {
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = mode;
  return UniqueFd(bpf_link_create(program.program_fd(), static_cast<int>(interface_index), BPF_XDP, &options));
}

}  // namespace

Result<Attachment> Attachment::attach(const XdpProgram& program, const std::string& interface) {
  const unsigned index = ::if_nametoindex(interface.c_str());
  if (index == 0) return failure("there is no interface \"" + interface + "\"");
  UniqueFd native = link_to(program, index, XDP_FLAGS_DRV_MODE);
  if (native) return Attachment(std::move(native), index, "");
  const int error = errno;
  if (error == EBUSY) return failure("interface \"" + interface + "\" has an XDP program already; take it off first");
  UniqueFd generic = link_to(program, index, XDP_FLAGS_SKB_MODE);
  if (!generic)
    return failure("XDP cannot be attached to interface \"" + interface + "\": native: " + std::strerror(error) +
                   ", generic: " + std::strerror(errno));
  return Attachment(std::move(generic), index,
                    "interface \"" + interface + "\" has no native XDP (" + std::strerror(error) +
                        "): generic XDP serves it, which costs every packet a socket buffer");
}

}  // namespace guideway
