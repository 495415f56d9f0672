// SPDX-License-Identifier: Apache-2.0
// A real server as a child process on a free port of loopback, for as long as its object lives, in a process group and
// a directory of its own. In its arguments and files the word PORT stands for the port and DIR for the directory.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace guideway {

struct RealSetup {
  std::vector<std::string> arguments;
  std::map<std::string, std::string> files;       // by name, in DIR, written first
  std::vector<std::vector<std::string>> prepare;  // programs that must succeed before
  bool as_nobody = false;                         // for those that refuse to be root
  int ready_within_s = 60;
  int stop_signal = SIGKILL;
};

class RealServer {
 public:
  explicit RealServer(std::vector<std::string> arguments);
  explicit RealServer(RealSetup setup);
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer();

  void stop();
  void hang() const;
  void go_on() const;

  [[nodiscard]] bool is_up() const { return is_up_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& directory() const { return directory_; }
  // What the server and what prepared it wrote, for the message of a test that found it down.
  [[nodiscard]] std::string log() const;

 private:
  [[nodiscard]] std::string filled_in(std::string text) const;
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& arguments) const;
  void wait_until_up(int within_s);

  pid_t process_ = 0;
  std::uint16_t port_ = 0;
  std::string directory_;
  bool as_nobody_ = false;
  int stop_signal_ = SIGKILL;
  bool is_up_ = false;
};

// The path of a program, wherever Debian puts servers; empty if it is not installed.
[[nodiscard]] std::string installed(const std::string& program);
[[nodiscard]] inline bool is_installed(const std::string& program) { return !installed(program).empty(); }

}  // namespace guideway
