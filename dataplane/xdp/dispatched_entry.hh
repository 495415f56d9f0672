// SPDX-License-Identifier: Apache-2.0
// Our place in libxdp's dispatcher: a small program (ebpf/entry.bpf.c) that leads to the balancer, beside programs of
// others. libxdp keeps it in the BPF filesystem; it outlives the process like everything that guideway-xdp pins.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class DispatchedEntry {
 public:
  // The map that says where it leads to, as it is kept at `pin`, or new and kept there.
  [[nodiscard]] static Result<DispatchedEntry> open(const std::string& pin);

  // From now on every packet of every interface that has it meets this program: one store.
  [[nodiscard]] Result<void> lead_to(int program_fd) const;
  // Puts it into the dispatcher of the interface, which is made if there is none. 0, or an errno. Where the kernel
  // refuses freplace, libxdp attaches it alone.
  [[nodiscard]] int attach(std::uint32_t interface_index, bool is_native) const;

  // Whether it is at work on the interface.
  [[nodiscard]] static bool is_on(std::uint32_t interface_index);
  // Takes it out; programs of others stay, and a dispatcher without programs goes. Nothing to do is no error.
  static void detach(std::uint32_t interface_index);

 private:
  explicit DispatchedEntry(UniqueFd map) noexcept : map_(std::move(map)) {}
  UniqueFd map_;
};

}  // namespace guideway
