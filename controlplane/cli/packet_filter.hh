// SPDX-License-Identifier: Apache-2.0
// A filter in the words of tcpdump, compiled by libpcap and run here: whoever makes the copies knows nothing of it. Its
// .cc is the only file of the command line that meets libpcap.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "dataplane/base/result.hh"

namespace guideway {

class PacketFilter {
 public:
  // Empty: everything.
  [[nodiscard]] static Result<PacketFilter> compile(const std::string& text);
  // `bytes` are the first ones of a frame of that length.
  [[nodiscard]] bool matches(std::span<const std::uint8_t> bytes, std::uint32_t length_bytes) const;

 private:
  struct Program;
  explicit PacketFilter(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace guideway
