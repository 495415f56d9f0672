// SPDX-License-Identifier: Apache-2.0
// Independent pieces of work on as many threads as there are cores; one piece stays on the caller's.
#pragma once

#include <cstddef>
#include <functional>

namespace guideway {

// Calls work(0) to work(count - 1), each once, in any order; returns when all are done. `work` must not throw.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace guideway
