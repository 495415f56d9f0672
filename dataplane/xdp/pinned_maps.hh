// SPDX-License-Identifier: Apache-2.0
// Maps that outlive the process: kept in the BPF filesystem, found there by the next one.
#pragma once

#include <string>

#include "dataplane/base/result.hh"

struct bpf_map;
struct bpf_object;

namespace guideway {

// To be called when the sizes are set and nothing is loaded yet: every map that one program hands on to the next will
// be kept in `directory`, and `control` (memory of the program's own) as well. True if a former process has left them
// there, which are then used on; an error if those are of another size or version.
[[nodiscard]] Result<bool> keep_maps(bpf_object* object, bpf_map* control, const std::string& directory);

}  // namespace guideway
