// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/kernel_support.hh"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <sys/utsname.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

struct Need {
  bpf_func_id helper;
  const char* name;
};
// What ebpf/*.bpf.h call and old kernels lack.
constexpr std::array needs{
    Need{BPF_FUNC_ktime_get_coarse_ns, "bpf_ktime_get_coarse_ns (Linux 5.11)"},
    Need{BPF_FUNC_loop, "bpf_loop (Linux 5.17)"},
    Need{BPF_FUNC_xdp_load_bytes, "bpf_xdp_load_bytes (Linux 5.18)"},
};

// XDP_PASS, whatever comes.
UniqueFd load_pass() {
  constexpr std::array instructions{bpf_insn{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, XDP_PASS},
                                    bpf_insn{BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  return UniqueFd(
      bpf_prog_load(BPF_PROG_TYPE_XDP, "gw_pass", "GPL", instructions.data(), instructions.size(), nullptr));
}

std::string text_of(const std::vector<std::string>& list) {
  std::string text;
  for (const std::string& each : list) text += (text.empty() ? "" : ", ") + each;
  return text;
}

}  // namespace

KernelSupport ask_kernel() {
  libbpf_set_print(nullptr);
  KernelSupport support;
  utsname name{};
  if (::uname(&name) == 0) support.release = name.release;
  if (!load_pass()) {
    support.load_error = errno;
    return support;
  }
  for (const Need& need : needs) {
    if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, need.helper, nullptr) == 0) support.missing.emplace_back(need.name);
  }
  return support;
}

std::optional<std::string> complaint_of(const KernelSupport& support) {
  if (support.load_error == EPERM || support.load_error == EACCES)
    return "the kernel refuses BPF: " + std::string(std::strerror(support.load_error)) +
           "; run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
  if (support.load_error == ENOSYS || support.load_error == EINVAL)
    return "this kernel (Linux " + support.release +
           ") has no XDP; take one with CONFIG_BPF_SYSCALL, of Linux 5.18 or newer";
  if (support.load_error != 0)
    return "the kernel does not load an XDP program: " + std::string(std::strerror(support.load_error));
  if (!support.missing.empty())
    return "this kernel (Linux " + support.release + ") is too old, it has no " + text_of(support.missing) +
           "; take Linux 5.18 or newer";
  return std::nullopt;
}

std::optional<AttachedProgram> find_attached(std::uint32_t interface_index) {
  bpf_xdp_query_opts found{};
  found.sz = sizeof found;
  if (bpf_xdp_query(static_cast<int>(interface_index), 0, &found) != 0 || found.prog_id == 0) return std::nullopt;
  return AttachedProgram{found.prog_id, found.attach_mode == XDP_ATTACHED_DRV};
}

Result<void> try_native(std::uint32_t interface_index) {
  const UniqueFd program = load_pass();
  if (!program) return failure(attach_reason(errno));
  bpf_link_create_opts options{};
  options.sz = sizeof options;
  options.flags = XDP_FLAGS_DRV_MODE;
  const UniqueFd link(bpf_link_create(program.get(), static_cast<int>(interface_index), BPF_XDP, &options));
  if (!link) return failure(attach_reason(errno));
  return {};
}

std::string attach_reason(int error) {
  switch (error) {
    case EOPNOTSUPP:
      return "its driver has none";
    case ERANGE:
    case EINVAL:
      return "its MTU (of a veth the peer's) may be too big for native XDP, which takes about 3,500 bytes: ip link set "
             "dev INTERFACE mtu 3498";
    case ENOSPC:
      return "it has too few queues for native XDP; give it more with ethtool -L";
    case EPERM:
      return "no privilege; run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON";
    case EBUSY:
    case EEXIST:
      return "it has an XDP program already; take that off first";
    default:
      return std::strerror(error);
  }
}

}  // namespace guideway
