// SPDX-License-Identifier: Apache-2.0
// Of the next hop of every way in these tests.
#pragma once

#include <cstdint>

namespace guideway {

inline constexpr std::uint8_t hop_mac[6] = {2, 0, 0, 0, 0, 9};

}  // namespace guideway
