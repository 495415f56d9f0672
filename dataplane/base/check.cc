// SPDX-License-Identifier: Apache-2.0
#include "dataplane/base/check.hh"

#include <cstdio>
#include <cstdlib>

namespace guideway {

void check_failed(const char* why, const char* file, int line) noexcept {
  std::fprintf(stderr, "guideway: broken invariant at %s:%d: %s\n", file, line, why);
  std::abort();
}

}  // namespace guideway
