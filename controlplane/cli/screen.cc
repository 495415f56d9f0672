// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/screen.hh"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <ostream>

namespace guideway {
namespace {

// Drawn over what was there, so that nothing flickers. A line that is too long must not make the others move.
constexpr const char* home_without_wrapping = "\033[?7l\033[H";
constexpr const char* end_of_line = "\033[K\n";
constexpr const char* rest_is_empty = "\033[J\033[?7h";

std::size_t terminal_lines() {
  winsize size{};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

extern "C" void leave(int) {
  // A picture may be half drawn; the shell's prompt must find lines that wrap.
  if (::isatty(STDOUT_FILENO) == 1) (void)!::write(STDOUT_FILENO, "\033[?7h\n", 6);
  ::_exit(0);
}

}  // namespace

std::string terminal_picture(const std::string& picture, std::size_t lines_max) {
  std::string result = home_without_wrapping;
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < picture.size();) {
    // The last line of the terminal is the cursor's.
    if (lines_max != 0 && ++lines >= lines_max) break;
    const std::size_t end = std::min(picture.find('\n', begin), picture.size());
    result += picture.substr(begin, end - begin) + end_of_line;
    begin = end + 1;
  }
  return result + rest_is_empty;
}

Screen::Screen(std::ostream& output) : output_(output), is_terminal_(::isatty(STDOUT_FILENO) == 1) {}

bool Screen::draw(const std::string& picture) {
  output_ << (is_terminal_ ? terminal_picture(picture, terminal_lines()) : picture + "\n") << std::flush;
  return static_cast<bool>(output_);
}

void end_when_interrupted() {
  struct sigaction action {};
  action.sa_handler = leave;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

}  // namespace guideway
