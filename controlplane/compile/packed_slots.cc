// SPDX-License-Identifier: Apache-2.0
#include "controlplane/compile/packed_slots.hh"

#include "ebpf/abi/limits.h"

namespace guideway {
namespace {

constexpr unsigned char first_character = '0';
constexpr std::uint32_t step_bits = 5;

}  // namespace

void PackedSlots::add(std::uint32_t slot) {
  std::uint32_t step = slot - before_;
  before_ = slot;
  for (; step >> step_bits != 0; step >>= step_bits)
    text_ += static_cast<char>(first_character + (1U << step_bits) + (step & ((1U << step_bits) - 1)));
  text_ += static_cast<char>(first_character + step);
}

Result<std::vector<std::uint32_t>> unpacked_slots(const std::string& text) {
  std::vector<std::uint32_t> slots;
  std::uint64_t slot = 0;
  std::uint32_t shift = 0;
  for (const char character : text) {
    const auto value = static_cast<std::uint32_t>(static_cast<unsigned char>(character)) - first_character;
    if (value >= 2U << step_bits || shift > 30) return failure("slots are no steps");
    slot += std::uint64_t{value & ((1U << step_bits) - 1)} << shift;
    shift = value >> step_bits != 0 ? shift + step_bits : 0;
    if (shift != 0) continue;
    if (slot >= GW_TABLE_SLOTS_MAX) return failure("slot out of range");
    slots.push_back(static_cast<std::uint32_t>(slot));
  }
  if (shift != 0) return failure("slots end within a step");
  return slots;
}

}  // namespace guideway
