// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/program_run.hh"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <optional>
#include <utility>

#include "controlplane/health/child_program.hh"

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

class WatchedRun final : public ProgramRun, public std::enable_shared_from_this<WatchedRun> {
 public:
  WatchedRun(asio::io_context& io, ChildProgram child, OnEnd on_end)
      : child_(std::move(child)), ended_(io), output_(io), on_end_(std::move(on_end)) {
    ended_.assign(child_->ended.release());
    output_.assign(child_->output.release());
  }

  void watch() {
    await_end();
    await_output();
  }

  void kill() override {
    error_code ignored;
    output_.close(ignored);
    if (child_) kill_group(*child_);
  }

 private:
  // Goes on after kill(): somebody has to see it off.
  void await_end() {
    const auto self = shared_from_this();
    ended_.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](const error_code& error) {
      if (error) return;
      // On a busy machine a watched descriptor may be called ready without being so.
      if (!has_ended(*child_)) return await_end();
      take_output();
      ProgramEnd end;
      end.status = reap(*child_);
      end.last_line = last_line(kept_);
      child_.reset();
      error_code ignored;
      ended_.close(ignored);
      output_.close(ignored);
      std::exchange(on_end_, nullptr)(end);
    });
  }

  // A program that writes much must not wait for us; only the last of it is kept.
  void await_output() {
    const auto self = shared_from_this();
    output_.async_wait(asio::posix::stream_descriptor::wait_read, [this, self](const error_code& error) {
      if (!error && take_output()) await_output();
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

  std::optional<ChildProgram> child_;
  asio::posix::stream_descriptor ended_;
  asio::posix::stream_descriptor output_;
  std::string kept_;
  OnEnd on_end_;
};

}  // namespace

bool ProgramEnd::is_success() const noexcept { return WIFEXITED(status) && WEXITSTATUS(status) == 0; }

std::string ProgramEnd::text() const {
  if (WIFSIGNALED(status))
    return "died of signal " + std::to_string(WTERMSIG(status)) + (last_line.empty() ? "" : ": " + last_line);
  std::string code = "exit code " + std::to_string(WEXITSTATUS(status));
  if (last_line.empty()) return code;
  return is_success() ? last_line : last_line + ", " + code;
}

Result<std::shared_ptr<ProgramRun>> ProgramRun::start(asio::io_context& io, const std::vector<std::string>& words,
                                                      const std::vector<std::string>& variables, OnEnd on_end) {
  if (const std::string refusal = refusal_of(words.front()); !refusal.empty()) return failure(refusal);
  std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  environment.insert(environment.end(), variables.begin(), variables.end());
  auto child = start_child(words, environment);
  if (!child) return failure_of(child);
  auto run = std::make_shared<WatchedRun>(io, std::move(*child), std::move(on_end));
  run->watch();
  return std::shared_ptr<ProgramRun>(std::move(run));
}

}  // namespace guideway
