// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/controlplane/health/real_server.hh"

#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "tests/unit/controlplane/free_port.hh"

namespace guideway {
namespace {

using boost::asio::ip::tcp;

bool is_listening(std::uint16_t port) {
  boost::asio::io_context io;
  tcp::socket socket(io);
  boost::system::error_code error;
  socket.connect({boost::asio::ip::address_v4::loopback(), port}, error);
  return !error;
}

void become_nobody() {
  const passwd* nobody = ::getpwnam("nobody");
  if (nobody == nullptr || ::setgroups(0, nullptr) != 0 || ::setgid(nobody->pw_gid) != 0 ||
      ::setuid(nobody->pw_uid) != 0)
    ::_exit(126);
}

}  // namespace

RealServer::RealServer(std::vector<std::string> arguments) : RealServer(RealSetup{std::move(arguments), {}, {}}) {}

RealServer::RealServer(RealSetup setup)
    : port_(free_port()), as_nobody_(setup.as_nobody && ::geteuid() == 0), stop_signal_(setup.stop_signal) {
  std::string pattern = std::filesystem::temp_directory_path() / "guideway-server-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  directory_ = pattern;
  for (const auto& [name, text] : setup.files) std::ofstream(directory_ + "/" + name) << filled_in(text);
  if (as_nobody_) {
    const passwd* nobody = ::getpwnam("nobody");
    for (const auto& [name, text] : setup.files)
      static_cast<void>(::chown((directory_ + "/" + name).c_str(), nobody->pw_uid, nobody->pw_gid));
    static_cast<void>(::chown(directory_.c_str(), nobody->pw_uid, nobody->pw_gid));
  }
  for (const std::vector<std::string>& program : setup.prepare) {
    int status = -1;
    if (::waitpid(spawn(program), &status, 0) < 0 || status != 0) return;
  }
  process_ = spawn(setup.arguments);
  wait_until_up(setup.ready_within_s);
}

RealServer::~RealServer() {
  stop();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

// Whole words only: RABBITMQ_NODE_PORT stays.
std::string RealServer::filled_in(std::string text) const {
  const auto is_part_of_word = [&](std::size_t at) {
    return at < text.size() && ((text[at] >= 'A' && text[at] <= 'Z') || text[at] == '_');
  };
  for (const auto& [word, value] :
       {std::pair(std::string("PORT"), std::to_string(port_)), std::pair(std::string("DIR"), directory_)}) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      if (!is_part_of_word(at - 1) && !is_part_of_word(at + word.size())) text.replace(at, word.size(), value);
    }
  }
  return text;
}

pid_t RealServer::spawn(const std::vector<std::string>& arguments) const {
  std::vector<std::string> filled;
  for (const std::string& argument : arguments) filled.push_back(filled_in(argument));
  if (const std::string path = installed(filled.front()); !path.empty()) filled.front() = path;
  std::vector<char*> words;
  for (std::string& argument : filled) words.push_back(argument.data());
  words.push_back(nullptr);
  const std::string log = directory_ + "/log";
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::setpgid(0, 0);
  const int null = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  ::dup2(null, 0);
  for (const int descriptor : {1, 2}) ::dup2(out, descriptor);
  if (as_nobody_) become_nobody();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(directory_.c_str()) == 0) ::execvp(words.front(), words.data());
  ::_exit(127);
}

void RealServer::wait_until_up(int within_s) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(within_s);
  while (!is_up_ && std::chrono::steady_clock::now() < give_up) {
    is_up_ = is_listening(port_);
    if (is_up_) break;
    if (::waitpid(process_, nullptr, WNOHANG) == process_) {
      process_ = 0;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

void RealServer::stop() {
  if (process_ <= 0) return;
  ::kill(-process_, stop_signal_);
  ::waitpid(process_, nullptr, 0);
  process_ = 0;
  // Others of its group may hold the port a moment longer.
  for (int attempt = 0; attempt < 500 && is_listening(port_); ++attempt)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void RealServer::hang() const {
  ::kill(-process_, SIGSTOP);
  int status = 0;
  ::waitpid(process_, &status, WUNTRACED);
}

void RealServer::go_on() const { ::kill(-process_, SIGCONT); }

std::string RealServer::log() const {
  const std::ifstream stream(directory_ + "/log");
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string installed(const std::string& program) {
  for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/lib/postgresql/*/bin/", "/usr/lib/rabbitmq/bin/"}) {
    glob_t found{};
    std::string path;
    if (::glob((folder + program).c_str(), 0, nullptr, &found) == 0) path = found.gl_pathv[found.gl_pathc - 1];
    ::globfree(&found);
    if (!path.empty() && ::access(path.c_str(), X_OK) == 0) return path;
  }
  return "";
}

}  // namespace guideway
