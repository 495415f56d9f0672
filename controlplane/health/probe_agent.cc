// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_agent.hh"

#include <cstddef>
#include <utility>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/connecting_probe.hh"

namespace guideway {
namespace {

constexpr std::size_t line_bytes_max = 1024;

class AgentProbe final : public ConnectingProbe {
 public:
  using ConnectingProbe::ConnectingProbe;

 private:
  void on_connected() override {
    if (target_.send.empty()) return listen();
    write(bytes_of(target_.send).value_or(std::string()), [this] { listen(); });
  }

  [[nodiscard]] std::string awaited_answer() const override { return "line from the agent"; }

  void listen() {
    read([this](std::string_view bytes, bool closed) {
      said_ += bytes;
      const std::size_t end = said_.find_first_of("\r\n");
      if (end != std::string::npos || closed) return judge(std::string_view(said_).substr(0, end));
      if (said_.size() > line_bytes_max)
        return finish(ProbeOutcome::failed, "the agent said more than " + std::to_string(line_bytes_max) +
                                                " bytes without the end of a line");
      listen();
    });
  }

  void judge(std::string_view line) {
    auto answer = parse_agent_answer(line);
    if (!answer) return finish(ProbeOutcome::failed, answer.error().message);
    result_.agent = std::move(*answer);
    finish(ProbeOutcome::ok, "the agent says " + text_of(*result_.agent));
  }

  std::string said_;
};

}  // namespace

std::shared_ptr<Probe> start_agent_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<AgentProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
