// SPDX-License-Identifier: Apache-2.0
// A long TOML file in parts that several threads can parse: each but the first begins with a [[service]] or a [[pool]],
// and what the parts say together is what the file says, or join_parts() tells that it is not.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "controlplane/config/tree.hh"

namespace guideway {

struct TomlPart {
  std::string_view text;
  int first_line = 1;  // of the file
};

// The first part ends before the first such header, and may be empty; the others have `bytes_min` bytes at least, but
// for the last. One part alone: there is nothing to divide.
[[nodiscard]] std::vector<TomlPart> toml_parts(std::string_view text, std::size_t bytes_min);

// One table of all parts' tables: lists of services and of pools are continued. Nothing if only the whole text can
// tell: a key of two parts is a mistake there, and a table [pool.x] may belong to the last pool of the part before.
[[nodiscard]] std::optional<Tree> join_parts(std::vector<Tree> parts);

}  // namespace guideway
