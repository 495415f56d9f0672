// SPDX-License-Identifier: Apache-2.0
// What the running kernel lets an XDP program do. Nothing is attached to find out, unless try_native() is asked to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

struct KernelSupport {
  std::string release;               // "6.1.0-13-amd64"
  int load_error = 0;                // an errno of loading an XDP program that passes everything on; 0: it is loaded
  std::vector<std::string> missing;  // what the program needs and this kernel has not: "bpf_loop (Linux 5.17)"
};

[[nodiscard]] KernelSupport ask_kernel();

// Why the program cannot be loaded here, with the remedy; nothing if the kernel has all that it needs.
[[nodiscard]] std::optional<std::string> complaint_of(const KernelSupport& support);

struct AttachedProgram {
  std::uint32_t id = 0;
  bool is_native = false;
};

// The XDP program at work on an interface.
[[nodiscard]] std::optional<AttachedProgram> find_attached(std::uint32_t interface_index);

// Attaches a program that passes everything on in the driver, and takes it off again: the only sure answer, but many
// drivers take the link down for it, for some seconds. Fails with the reason, in the words of attach_reason().
[[nodiscard]] Result<void> try_native(std::uint32_t interface_index);

// What an errno of attaching to an interface means, with the remedy where there is one.
[[nodiscard]] std::string attach_reason(int error);

}  // namespace guideway
