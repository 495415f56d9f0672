// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_program.hh"

#include <sys/wait.h>

#include <boost/asio/io_context.hpp>
#include <set>
#include <utility>
#include <vector>

#include "controlplane/health/program_run.hh"
#include "controlplane/health/timed_probe.hh"

namespace guideway {
namespace {

class ProgramProbe final : public TimedProbe {
 public:
  using TimedProbe::TimedProbe;

 private:
  // Programs that were started and are not gone, by what they probe.
  static std::set<CheckTarget>& running() {
    static std::set<CheckTarget> targets;
    return targets;
  }

  void begin() override {
    if (!running().insert(target_).second)
      return finish(ProbeOutcome::failed, "the program of the last probe was killed and has not ended yet");
    std::vector<std::string> words{target_.program};
    words.insert(words.end(), target_.arguments.begin(), target_.arguments.end());
    const auto self = std::static_pointer_cast<ProgramProbe>(shared_from_this());
    auto run = ProgramRun::start(
        io_, words,
        {"GUIDEWAY_ADDRESS=" + target_.address.text(), "GUIDEWAY_PORT=" + std::to_string(target_.port),
         "GUIDEWAY_TIMEOUT_MS=" + std::to_string(target_.timeout_ms)},
        [self](const ProgramEnd& end) { self->ended(end); });
    if (run) {
      run_ = std::move(*run);
      return;
    }
    running().erase(target_);
    cannot(run.error().message);
  }

  [[nodiscard]] std::string awaited() const override { return "end of " + target_.program; }

  // Comes after the verdict too, if that was too late.
  void ended(const ProgramEnd& end) {
    running().erase(target_);
    run_.reset();
    if (finished()) return;
    const std::string text = WIFSIGNALED(end.status) ? target_.program + " " + end.text() : end.text();
    finish(end.is_success() ? ProbeOutcome::ok : ProbeOutcome::failed, text);
  }

  void close() override {
    if (run_) run_->kill();
  }

  std::shared_ptr<ProgramRun> run_;
};

}  // namespace

std::shared_ptr<Probe> start_program_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<ProgramProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
