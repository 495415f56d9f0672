// SPDX-License-Identifier: Apache-2.0
// The XDP program on an interface: native first, generic where the driver has no XDP. It is a link: when this ends, or
// the process dies, the interface is as it was.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"
#include "dataplane/xdp/program.hh"

namespace guideway {

class Attachment {
 public:
  [[nodiscard]] static Result<Attachment> attach(const XdpProgram& program, const std::string& interface);

  [[nodiscard]] std::uint32_t interface_index() const noexcept { return interface_index_; }
  // Empty if native; else why it is generic, and what that costs.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

 private:
  Attachment(UniqueFd link, std::uint32_t interface_index, std::string warning) noexcept
      : link_(std::move(link)), interface_index_(interface_index), warning_(std::move(warning)) {}
  UniqueFd link_;
  std::uint32_t interface_index_;
  std::string warning_;
};

}  // namespace guideway
