// SPDX-License-Identifier: Apache-2.0
// Slots in rising order as a short text: the steps between them, five bits a character and one that says whether more
// follow. A change of a large weight moves tens of thousands, and most steps are short.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace guideway {

class PackedSlots {
 public:
  void add(std::uint32_t slot);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  std::uint32_t before_ = 0;
};

[[nodiscard]] Result<std::vector<std::uint32_t>> unpacked_slots(const std::string& text);

}  // namespace guideway
