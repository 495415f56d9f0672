// SPDX-License-Identifier: Apache-2.0
// One run of an external program: in a process group of its own, the last line of what it writes kept, its end awaited
// without blocking. Nothing limits its time but kill().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

struct ProgramEnd {
  int status = 0;  // as of waitpid()
  std::string last_line;

  [[nodiscard]] bool is_success() const noexcept;
  // "all is well", "exit code 3", "no disk, exit code 1", "died of signal 9: no disk".
  [[nodiscard]] std::string text() const;
};

class ProgramRun {
 public:
  // Called once, when it is gone, whoever ended it; never from within start() or kill().
  using OnEnd = std::function<void(const ProgramEnd&)>;

  // `variables` come after PATH and are all of its environment. A program that others could change is not run.
  [[nodiscard]] static Result<std::shared_ptr<ProgramRun>> start(boost::asio::io_context& io,
                                                                 const std::vector<std::string>& words,
                                                                 const std::vector<std::string>& variables,
                                                                 OnEnd on_end);
  ProgramRun(const ProgramRun&) = delete;
  ProgramRun& operator=(const ProgramRun&) = delete;
  virtual ~ProgramRun() = default;
  // It and all that it started. What it wrote so far is not read any more.
  virtual void kill() = 0;

 protected:
  ProgramRun() = default;
};

}  // namespace guideway
