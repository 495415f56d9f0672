// SPDX-License-Identifier: Apache-2.0
// A file replaced whole: written beside, synced, renamed, directory synced. Once this has returned well, a kill or a
// power failure at any moment leaves the new text; before, the old one. What could not be written whole leaves nothing.
#pragma once

#include <string>

#include "dataplane/base/result.hh"

namespace guideway {

// Why a system call failed just now: `what`, and errno in words.
[[nodiscard]] tl::unexpected<Error> system_failure(const std::string& what);

[[nodiscard]] Result<void> replace_file(const std::string& path, const std::string& text);

}  // namespace guideway
