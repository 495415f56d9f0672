// SPDX-License-Identifier: Apache-2.0
// What is shown again and again: on a terminal a picture over the one before, elsewhere one below the other.
#pragma once

#include <iosfwd>
#include <string>

namespace guideway {

class Screen {
 public:
  // `output` is the program's standard output.
  explicit Screen(std::ostream& output);

  [[nodiscard]] bool is_terminal() const noexcept { return is_terminal_; }
  // False once nobody reads any more. What a terminal is too low or too narrow for is cut off.
  [[nodiscard]] bool draw(const std::string& picture);

 private:
  std::ostream& output_;
  bool is_terminal_;
};

// As a terminal of so many lines (0: of any height) gets it.
[[nodiscard]] std::string terminal_picture(const std::string& picture, std::size_t lines_max);

// From now on Ctrl-C and SIGTERM end the program at once and with status 0: who watches has seen enough.
void end_when_interrupted();

}  // namespace guideway
