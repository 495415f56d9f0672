// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/run.hh"

#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/render.hh"

namespace guideway {
namespace {

using nlohmann::json;

class Runner {
 public:
  explicit Runner(Session& session) : session_(session) {}

  int operator()(const Action& action) { return action(session_); }
  int operator()(const EditCommand& command) {
    return session_.post("/v1/edits", {{"edits", {command.edit}}}, [&](const json& answer) {
      const auto datapath = answer.find("datapath");
      const bool waits = datapath != answer.end() && datapath->is_string();
      return fmt::format("{}{}\n", command.done,
                         waits ? fmt::format(" (durable; datapath: {})", datapath->get<std::string>()) : "") +
             warnings_text(answer);
    });
  }
  int operator()(const ReplayCommand&) {
    session_.error() << "guideway: replay is not run from here\n";
    return exit_refused;
  }

 private:
  Session& session_;
};

}  // namespace

int run(const Invocation& invocation, std::ostream& output, std::ostream& error) {
  Session session(invocation.api, invocation.json, output, error);
  return std::visit(Runner(session), invocation.command);
}

}  // namespace guideway
