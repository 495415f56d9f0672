// SPDX-License-Identifier: Apache-2.0
// A real server as a child process on a free port of loopback, for as long as its object lives. In its arguments PORT
// stands for the port.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace guideway {

class RealServer {
 public:
  explicit RealServer(std::vector<std::string> arguments) {
    using boost::asio::ip::tcp;
    boost::asio::io_context io;
    const tcp::endpoint any(boost::asio::ip::address_v4::loopback(), 0);
    port_ = tcp::acceptor(io, any).local_endpoint().port();
    std::vector<char*> words;
    for (std::string& argument : arguments) {
      if (argument == "PORT") argument = std::to_string(port_);
      words.push_back(argument.data());
    }
    words.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int null = ::open("/dev/null", O_RDWR);
      for (const int descriptor : {0, 1, 2}) ::dup2(null, descriptor);
      ::execvp(words.front(), words.data());
      ::_exit(127);
    }
    for (int attempt = 0; attempt < 500 && !is_up_; ++attempt) {
      tcp::socket socket(io);
      boost::system::error_code error;
      socket.connect({boost::asio::ip::address_v4::loopback(), port_}, error);
      is_up_ = !error;
      if (!is_up_) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  ~RealServer() { stop(); }

  void stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = 0;
  }
  void hang() const {
    ::kill(process_, SIGSTOP);
    int status = 0;
    ::waitpid(process_, &status, WUNTRACED);
  }
  void go_on() const { ::kill(process_, SIGCONT); }

  [[nodiscard]] bool is_up() const { return is_up_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  pid_t process_ = 0;
  std::uint16_t port_ = 0;
  bool is_up_ = false;
};

// Whether a program of this name is installed.
inline bool is_installed(const std::string& program) { return ::access(("/usr/bin/" + program).c_str(), X_OK) == 0; }

}  // namespace guideway
