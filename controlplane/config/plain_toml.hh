// SPDX-License-Identifier: Apache-2.0
// The plain part of TOML 1.0, in which nearly every line of a configuration is written, in one pass over the text: keys
// and headers of one bare word, strings without escapes, whole decimal numbers, true and false, lists of these or of
// tables, tables in braces. toml11 takes 1.9 s of processor time for 10,000 services of ten backends, this a
// thirtieth. It judges nothing: of a text that holds anything else or a mistake it makes nothing, and toml11 is asked.
#pragma once

#include <optional>

#include "controlplane/config/toml_parts.hh"
#include "controlplane/config/tree.hh"

namespace guideway {

// What toml11_tree() would say of the same part, or nothing. The text is UTF-8 (raw_text.hh).
[[nodiscard]] std::optional<Tree> plain_toml_tree(const TomlPart& part);

}  // namespace guideway
