// SPDX-License-Identifier: Apache-2.0
// Where on a machine the program of an interface is pinned, and the interface itself. Pins are named by network
// namespace and interface index: names may hold dots, which the BPF filesystem does not take, and several namespaces
// may share one BPF filesystem.
#pragma once

#include <filesystem>
#include <string>

#include "dataplane/base/result.hh"

namespace guideway::decapsulate {

struct Place {
  std::string interface;
  unsigned index = 0;
  std::filesystem::path folder;

  [[nodiscard]] std::filesystem::path pin(const char* name) const { return folder / name; }
};

// Fails if there is no such interface, or it carries no Ethernet frames.
[[nodiscard]] Result<Place> find_place(const std::string& interface, const std::filesystem::path& bpffs);

// Mounts the BPF filesystem where none is.
[[nodiscard]] Result<void> need_bpffs(const std::filesystem::path& bpffs);

// A system call's errno, with the remedy if it is a lack of rights.
[[nodiscard]] std::string reason(int error);

// Takes away what interfaces that are gone have left in this network namespace.
void sweep(const Place& place);

// Takes away the pins of a place, and the folders above it that are empty then. Unpinning an XDP link detaches it.
[[nodiscard]] Result<void> remove_pins(const Place& place);

}  // namespace guideway::decapsulate
