// SPDX-License-Identifier: Apache-2.0
// The XDP program on an interface: native first, generic where the driver has no XDP. It is a link: without a pin the
// interface is as it was when this ends or the process dies; with one the program stays until the pin is removed.
#pragma once

#include <cstdint>
#include <string>

#include "dataplane/base/result.hh"
#include "dataplane/base/unique_fd.hh"
#include "dataplane/xdp/dispatched_entry.hh"
#include "dataplane/xdp/program.hh"

namespace guideway {

enum class XdpMode { automatic, native, generic };

class Attachment {
 public:
  // With a `pin`: if that holds a link on this interface already, its program is replaced in one step, so that every
  // packet meets the old one or the new one; else a new link is kept there.
  [[nodiscard]] static Result<Attachment> attach(const XdpProgram& program, const std::string& interface,
                                                 XdpMode mode = XdpMode::automatic, const std::string& pin = {});

  // Beside programs of others, behind libxdp's dispatcher: `entry` leads to the program from now on, on every interface
  // that has it already, and is put on this one if it is not there.
  [[nodiscard]] static Result<Attachment> attach_dispatched(const XdpProgram& program, const std::string& interface,
                                                            XdpMode mode, const DispatchedEntry& entry);

  [[nodiscard]] std::uint32_t interface_index() const noexcept { return interface_index_; }
  [[nodiscard]] bool is_native() const noexcept { return is_native_; }
  // Another process had put the program there.
  [[nodiscard]] bool is_replacement() const noexcept { return is_replacement_; }
  // Empty, or why it is generic where nobody asked for that, and what that costs.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }

 private:
  Attachment(UniqueFd link, std::uint32_t interface_index, bool is_native, std::string warning) noexcept
      : link_(std::move(link)),
        interface_index_(interface_index),
        is_native_(is_native),
        warning_(std::move(warning)) {}
  [[nodiscard]] static Result<Attachment> attach_anew(const XdpProgram& program, const std::string& interface,
                                                      std::uint32_t interface_index, XdpMode mode);

  UniqueFd link_;
  std::uint32_t interface_index_;
  bool is_native_;
  bool is_replacement_ = false;
  std::string warning_;
};

}  // namespace guideway
