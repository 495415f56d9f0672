// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_program.hh"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controlplane/health/child_program.hh"
#include "controlplane/health/timed_probe.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t output_kept_max = 4096;
constexpr std::size_t line_max = 200;

// The last line with something in it, printable.
std::string last_line(std::string_view output) {
  const std::size_t last = output.find_last_not_of(" \t\r\n");
  if (last == std::string_view::npos) return "";
  output = output.substr(0, last + 1);
  const std::size_t before = output.find_last_of("\r\n");
  std::string line(output.substr(before == std::string_view::npos ? 0 : before + 1).substr(0, line_max));
  for (char& c : line) c = c >= 0x20 && c < 0x7f ? c : '.';
  return line;
}

class ProgramProbe final : public TimedProbe {
 public:
  ProgramProbe(asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : TimedProbe(io, target, std::move(done)), ended_(io), output_(io) {}

 private:
  // Programs that were started and are not gone, by what they probe.
  static std::set<CheckTarget>& running() {
    static std::set<CheckTarget> targets;
    return targets;
  }

  void begin() override {
    if (const std::string refusal = refusal_of(target_.program); !refusal.empty()) return cannot(refusal);
    if (!running().insert(target_).second)
      return finish(ProbeOutcome::failed, "the program of the last probe was killed and has not ended yet");
    std::vector<std::string> words{target_.program};
    words.insert(words.end(), target_.arguments.begin(), target_.arguments.end());
    auto child = start_child(
        words, {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "GUIDEWAY_ADDRESS=" + target_.address.text(), "GUIDEWAY_PORT=" + std::to_string(target_.port),
                "GUIDEWAY_TIMEOUT_MS=" + std::to_string(target_.timeout_ms)});
    if (!child) {
      running().erase(target_);
      return cannot(child.error().message);
    }
    child_ = std::move(*child);
    ended_.assign(child_->ended.release());
    output_.assign(child_->output.release());
    await_end();
    await_output();
  }

  [[nodiscard]] std::string awaited() const override { return "end of " + target_.program; }

  // Goes on after the verdict: somebody has to see it off.
  void await_end() {
    const auto self = shared_from_this();
    ended_.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](const error_code& error) {
      if (error) return;
      // On a busy machine a watched descriptor may be called ready without being so.
      if (!has_ended(*child_)) return await_end();
      take_output();
      const int status = reap(*child_);
      child_.reset();
      running().erase(target_);
      error_code ignored;
      ended_.close(ignored);
      if (!finished()) judge(status);
    });
  }

  // A program that writes much must not wait for us; only the last of it is kept.
  void await_output() {
    const auto self = shared_from_this();
    output_.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](const error_code& error) {
      if (!error && !finished() && take_output()) await_output();
    });
  }

  // Whether there may be more later.
  bool take_output() {
    if (!output_.is_open()) return false;
    std::array<char, output_kept_max> bytes{};
    // A few at a time: it may write faster than we read.
    for (int i = 0; i < 16; ++i) {
      const ssize_t count = ::read(output_.native_handle(), bytes.data(), bytes.size());
      if (count == 0) return false;
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      kept_.append(bytes.data(), static_cast<std::size_t>(count));
      if (kept_.size() > output_kept_max) kept_.erase(0, kept_.size() - output_kept_max);
    }
    return true;
  }

  void judge(int status) {
    const std::string line = last_line(kept_);
    if (WIFSIGNALED(status)) {
      return finish(ProbeOutcome::failed, target_.program + " died of signal " + std::to_string(WTERMSIG(status)) +
                                              (line.empty() ? "" : ": " + line));
    }
    const int code = WEXITSTATUS(status);
    if (code == 0) return finish(ProbeOutcome::ok, line.empty() ? "exit code 0" : line);
    finish(ProbeOutcome::failed, (line.empty() ? "" : line + ", ") + "exit code " + std::to_string(code));
  }

  void close() override {
    error_code ignored;
    output_.close(ignored);
    if (child_) kill_group(*child_);
  }

  std::optional<ChildProgram> child_;
  asio::posix::stream_descriptor ended_;
  asio::posix::stream_descriptor output_;
  std::string kept_;
};

}  // namespace

std::shared_ptr<Probe> start_program_probe(asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<ProgramProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
