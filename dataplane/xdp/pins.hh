// SPDX-License-Identifier: Apache-2.0
// What guideway-xdp keeps in the BPF filesystem, so that packets go on without the process: the maps, and for each port
// the link that holds the program on its interface. One process at a time has a claim on such a directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"

namespace guideway {

class Pins {
 public:
  // Makes the directory if it is missing. Fails where there is no BPF filesystem, and while another process has it.
  [[nodiscard]] static Result<Pins> claim(const std::filesystem::path& directory);
  // The same for a directory that is there already; an empty claim if it is not.
  [[nodiscard]] static Result<Pins> claim_existing(const std::filesystem::path& directory);

  [[nodiscard]] bool exist() const noexcept { return static_cast<bool>(lock_); }
  [[nodiscard]] const std::filesystem::path& directory() const noexcept { return directory_; }
  [[nodiscard]] std::filesystem::path port(std::uint32_t number) const;
  // Where it is kept what the dispatchers of interfaces lead to.
  [[nodiscard]] std::filesystem::path entry() const { return directory_ / "entry"; }
  // Remembers that the program is in the dispatcher of that interface.
  [[nodiscard]] Result<void> add_dispatched(std::uint32_t interface_index) const;
  // Takes it out of the dispatchers of all others that were remembered.
  void keep_dispatched(std::span<const std::uint32_t> interfaces) const;
  // The directory, if nothing was kept in it.
  static void remove_empty(const std::filesystem::path& directory);
  // Takes programs off the interfaces of the ports from `count` on.
  void remove_ports_from(std::uint32_t count) const;
  // Takes the program off every interface, and then everything away, the directory included.
  [[nodiscard]] Result<void> remove_all() const;

 private:
  Pins(std::filesystem::path directory, UniqueFd lock) noexcept
      : directory_(std::move(directory)), lock_(std::move(lock)) {}
  std::filesystem::path directory_;
  UniqueFd lock_;
};

}  // namespace guideway
