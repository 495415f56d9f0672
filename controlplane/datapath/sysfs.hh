// SPDX-License-Identifier: Apache-2.0
// Small reads of /sys and /proc, below a root that tests choose.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace guideway {

// The first line; empty if there is no such file.
[[nodiscard]] std::string first_line(const std::filesystem::path& file);
// 0 where there is none. Decimal, or hexadecimal with 0x.
[[nodiscard]] std::uint64_t number_in(const std::filesystem::path& file);
// The last part of where a link leads; empty if there is none.
[[nodiscard]] std::string target_name(const std::filesystem::path& link);
// Sorted names of what a folder holds.
[[nodiscard]] std::vector<std::string> names_in(const std::filesystem::path& folder);

}  // namespace guideway
