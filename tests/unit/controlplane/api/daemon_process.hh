// SPDX-License-Identifier: Apache-2.0
// The real guidewayd as a child process on paths of its own, with backends that are listening sockets of the test.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "dataplane/net/address.hh"
#include "dataplane/net/endian.hh"
#include "tests/unit/controlplane/api/http_client.hh"
#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {

class DaemonTest : public ::testing::Test {
 protected:
  DaemonTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "guideway-daemon-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    door_ = directory_ + "/door.sock";
    api_ = directory_ + "/api.sock";
    config_ = directory_ + "/guideway.toml";
  }
  ~DaemonTest() override {
    kill(SIGKILL);
    if (HasFailure()) std::fprintf(stderr, "--- guidewayd said:\n%s---\n", log().c_str());
    std::filesystem::remove_all(directory_);
  }

  // A backend that answers checks: 127.0.0.`number` on the port that all share.
  void listen_as(int number) {
    UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = be16(port_).raw();
    address.sin_addr.s_addr = be32(0x7f000000U + static_cast<std::uint32_t>(number)).raw();
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    // Nobody accepts: every check stays in the queue.
    ASSERT_EQ(::listen(fd.get(), 4096), 0);
    socklen_t length = sizeof address;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
    port_ = be16::from_raw(address.sin_port).host();
    listeners_[number] = std::move(fd);
  }
  void stop_listening_as(int number) { listeners_.erase(number); }

  // `backends` are lines of the pool, made by backend().
  [[nodiscard]] std::string config_with(const std::vector<std::string>& backends, const std::string& more = "") const {
    std::string text = "hash_key = \"00112233445566778899aabbccddeeff\"\ndoor = \"" + door_ + "\"\napi = \"" + api_ +
                       "\"\nstate_directory = \"" + directory_ +
                       "/state\"\n[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = 80\n"
                       "table_slots = 251\n" +
                       more +
                       "\ncheck = { type = \"tcp\", interval = \"100ms\", timeout = \"100ms\", rise = 2, fall = 2 }\n"
                       "backends = [\n";
    for (const std::string& backend : backends) text += "  " + backend + ",\n";
    return text + "]\n";
  }
  [[nodiscard]] std::string backend(const std::string& name, int number, const std::string& more = "") const {
    return "{ name = \"" + name + "\", address = \"127.0.0." + std::to_string(number) +
           "\", port = " + std::to_string(port_) + ", mac = \"02:00:00:00:00:0" + std::to_string(number) + "\"" + more +
           " }";
  }
  void write_config(const std::string& text) const { std::ofstream(config_) << text; }

  [[nodiscard]] pid_t spawn() const {
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int log = ::open((directory_ + "/log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(log, STDERR_FILENO);
    ::dup2(log, STDOUT_FILENO);
    if (in_child_) in_child_();
    const char* program = std::getenv("GUIDEWAYD");
    ::execl(program, program, "--config", config_.c_str(), nullptr);
    ::_exit(127);
  }
  void start() {
    child_ = spawn();
    ASSERT_TRUE(eventually([&] { return ask(api_, "GET", "/v1/status").status == 200; })) << log();
  }
  // Returns the exit status as waitpid() gives it.
  int kill(int signal) {
    if (child_ <= 0) return 0;
    ::kill(child_, signal);
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    return status;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream stream(directory_ + "/log");
    std::stringstream text;
    text << stream.rdbuf();
    return text.str();
  }

  [[nodiscard]] nlohmann::json get(const std::string& target) const {
    const HttpAnswer answer = ask(api_, "GET", target);
    EXPECT_EQ(answer.status, 200) << target << ": " << answer.text;
    return answer.body;
  }
  // What events of that kind say, oldest first.
  [[nodiscard]] std::vector<std::string> texts(const std::string& kind,
                                               const std::string& query = "?limit=10000") const {
    std::vector<std::string> result;
    const nlohmann::json answer = get("/v1/events" + query);
    for (const auto& event : answer["events"]) {
      if (event["kind"] == kind) result.push_back(event["text"]);
    }
    return result;
  }
  [[nodiscard]] bool says(const std::string& kind, const std::string& part) const {
    const auto all = texts(kind);
    return std::any_of(all.begin(), all.end(),
                       [&](const std::string& text) { return text.find(part) != std::string::npos; });
  }
  [[nodiscard]] HttpAnswer edit(const nlohmann::json& one) const {
    return ask(api_, "POST", "/v1/edits", nlohmann::json{{"edits", {one}}}.dump());
  }
  [[nodiscard]] HttpAnswer set_state(const std::string& name, const std::string& state) const {
    return edit({{"op", "backend.state"}, {"pool", "web"}, {"name", name}, {"state", state}});
  }
  // Null if there is none of that name.
  [[nodiscard]] nlohmann::json backend_of(const std::string& name) const {
    const nlohmann::json all = get("/v1/backends");
    for (const nlohmann::json& one : all.at("backends")) {
      if (one["name"] == name) return one;
    }
    return nullptr;
  }
  [[nodiscard]] bool becomes(const std::string& name, const std::string& state) const {
    return eventually([&] {
      const nlohmann::json one = backend_of(name);
      return !one.is_null() && one["state"] == state;
    });
  }
  // So many of the first service's table has the backend.
  [[nodiscard]] static std::size_t slots_of(const FakeDatapath& datapath, std::uint32_t backend) {
    const auto slots = datapath.seen().back().first_slots.at(0);
    return static_cast<std::size_t>(std::count_if(
        slots.begin(), slots.end(), [&](const gw_slot& slot) { return slot.current_backend == backend; }));
  }
  [[nodiscard]] std::uint32_t index_of(const std::string& name) const {
    return backend_of(name)["index"].get<std::uint32_t>();
  }

  std::string directory_;
  std::string door_;
  std::string api_;
  std::string config_;
  std::uint16_t port_ = 0;
  std::map<int, UniqueFd> listeners_;
  pid_t child_ = -1;
  std::function<void()> in_child_;  // what guidewayd begins with: limits, environment
};

}  // namespace guideway
