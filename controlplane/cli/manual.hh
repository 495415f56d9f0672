// SPDX-License-Identifier: Apache-2.0
// guideway(1), made from the commands themselves, so that it cannot lag behind.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace guideway {

// As troff with the man macros.
[[nodiscard]] std::string manual_page(const CLI::App& app, const std::string& version);

}  // namespace guideway
