// SPDX-License-Identifier: Apache-2.0
// Whether two lists of what has names have the same ones in the same places, as nearly always after a change: then what
// belongs together is found without looking for it.
#pragma once

#include <algorithm>

#include "controlplane/config/shared_list.hh"

namespace guideway {

template <typename T>
[[nodiscard]] bool has_same_names(const SharedList<T>& a, const SharedList<T>& b) {
  return a.shares_with(b) || std::equal(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const T& one, const T& other) { return one.name == other.name; });
}

}  // namespace guideway
