// SPDX-License-Identifier: Apache-2.0
// Forgets expired flows of every CPU's table. Only that CPU may write there, so this goes from CPU to CPU with the
// thread that calls it.
#pragma once

#include <cstdint>

#include "dataplane/xdp/program.hh"

namespace guideway {

class Sweeper {
 public:
  // `program` must outlive it.
  explicit Sweeper(const XdpProgram& program) noexcept;

  // A part of each table that holds anything. False if the kernel does not let this thread onto a CPU, or refuses the
  // sweep itself: then expired flows go when their bucket is asked.
  bool sweep_all() noexcept;

 private:
  const XdpProgram& program_;
};

}  // namespace guideway
