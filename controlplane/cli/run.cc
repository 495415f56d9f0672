// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/run.hh"

#include <chrono>
#include <ostream>
#include <sstream>
#include <thread>

#include <fmt/core.h>

#include "controlplane/cli/render.hh"
#include "controlplane/cli/screen.hh"

namespace guideway {
namespace {

using nlohmann::json;

class Runner {
 public:
  Runner(Session& session, bool is_dry_run) : session_(session), is_dry_run_(is_dry_run) {}

  int operator()(const Action& action) { return action(session_); }
  int operator()(const EditCommand& command) {
    if (is_dry_run_) return rehearse(command);
    return session_.change("/v1/edits", {{"edits", {command.edit}}}, [&](const json& answer) {
      const auto datapath = answer.find("datapath");
      const bool waits = datapath != answer.end() && datapath->is_string();
      return fmt::format("{}{}\n", command.done,
                         waits ? fmt::format(" (durable; datapath: {})", datapath->get<std::string>()) : "") +
             (command.shows_changes ? changes_text(answer) : "") + warnings_text(answer);
    });
  }
  int operator()(const ReplayCommand&) {
    session_.error() << "guideway: replay is not run from here\n";
    return exit_refused;
  }

 private:
  int rehearse(const EditCommand& command) {
    return session_.change("/v1/edits", {{"edits", {command.edit}}, {"dry_run", true}},
                           [](const json& answer) { return changes_text(answer) + warnings_text(answer); });
  }

  Session& session_;
  bool is_dry_run_;
};

int run_once(const Invocation& invocation, std::ostream& output, std::ostream& error) {
  Session session(invocation.api, invocation.json, invocation.columns, invocation.if_generation, output, error);
  return std::visit(Runner(session, invocation.dry_run), invocation.command);
}

// Until Ctrl-C. A daemon that is away for a while is a part of what is watched.
int watch(const Invocation& invocation, std::ostream& output, std::ostream& error) {
  Screen screen(output);
  end_when_interrupted();
  while (true) {
    std::ostringstream shown;
    const int status = run_once(invocation, shown, screen.is_terminal() ? shown : error);
    if (status == exit_usage) {  // which no waiting mends
      if (screen.is_terminal()) error << shown.str();
      return status;
    }
    if (!screen.draw(shown.str())) return exit_refused;
    std::this_thread::sleep_for(std::chrono::duration<double>(invocation.watch_s));
  }
}

}  // namespace

int run(const Invocation& invocation, std::ostream& output, std::ostream& error) {
  if (invocation.watch_s == 0) return run_once(invocation, output, error);
  if (!invocation.may_repeat) {
    error << "guideway: --watch is for commands that show how things are; leave it out\n";
    return exit_usage;
  }
  return watch(invocation, output, error);
}

}  // namespace guideway
