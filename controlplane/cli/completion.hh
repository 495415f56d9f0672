// SPDX-License-Identifier: Apache-2.0
// What bash and zsh need to complete commands and options, made from the commands themselves.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace guideway {

[[nodiscard]] std::string bash_completion(const CLI::App& app);
[[nodiscard]] std::string zsh_completion(const CLI::App& app);

}  // namespace guideway
