// SPDX-License-Identifier: Apache-2.0
// Measures rows: floor, program and reference in turn, so that whatever else the machine does falls on all; and holds
// every packet to the exit and the counters that its row must have.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/base/result.hh"
#include "dataplane/xdp/program.hh"
#include "tests/bench/xdp/driver.hh"
#include "tests/bench/xdp/reference.hh"
#include "tests/bench/xdp/rows.hh"

namespace guideway::bench {

struct Effort {
  std::uint32_t rounds = 9;
  std::uint64_t packets = 1U << 19U;  // a turn, at the least
};

struct Figure {
  double median = 0;
  double least = 0;
};

struct Measured {
  Row row;
  // Nanoseconds a packet, the driver included.
  Figure floor_pass;
  Figure floor_move_head;
  Figure program;
  double multiple = 0;        // of the floor with head adjustment: the median of the rounds'
  double least_multiple = 0;  // of the least times
  // Where the reference serves such a row: its time, and the median of what part of it the program takes.
  std::optional<Figure> reference;
  double of_reference = 0;
};

[[nodiscard]] Result<Measured> measure(Driver& driver, const XdpProgram& program, const Row& row, const Effort& effort);

}  // namespace guideway::bench
