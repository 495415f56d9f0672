// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_conversation.hh"

#include <cstddef>
#include <utility>
#include <vector>

#include "controlplane/health/connecting_probe.hh"
#include "controlplane/health/conversation.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

constexpr std::size_t conversation_answer_bytes_max = std::size_t{16} * 1024;

class ConversationProbe final : public ConnectingProbe {
 public:
  ConversationProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)), steps_(conversation_of(target)) {}

 private:
  void on_connected() override { begin_step(); }

  [[nodiscard]] std::string awaited_answer() const override {
    const ConversationStep& step = steps_[at_];
    std::string text = step.name.empty() ? "greeting" : "answer to " + step.name;
    if (!step.wanted.empty()) text += " with " + step.wanted;
    return text;
  }

  void begin_step() {
    if (at_ == steps_.size()) return finish(ProbeOutcome::ok, steps_.empty() ? "connected" : "answered as expected");
    answer_.clear();
    if (steps_[at_].send.empty()) return listen();
    write(steps_[at_].send, [this] { listen(); });
  }

  void listen() {
    if (!steps_[at_].judge) return next_step();
    read([this](std::string_view bytes, bool closed) {
      answer_ += bytes;
      judge(closed);
    });
  }

  void judge(bool closed) {
    Judgement judgement = steps_[at_].judge(answer_);
    switch (judgement.is) {
      case Judgement::Is::right:
        return next_step();
      case Judgement::Is::wrong:
        return finish(ProbeOutcome::failed, judgement.text.empty() ? said() + wanted() : std::move(judgement.text));
      case Judgement::Is::asks:
        answer_.clear();
        return write(std::move(judgement.text), [this] { listen(); });
      case Judgement::Is::incomplete:
        break;
    }
    if (closed) {
      return finish(ProbeOutcome::failed,
                    answer_.empty() ? "connection closed, no " + awaited_answer() : said() + " and closed" + wanted());
    }
    if (answer_.size() >= conversation_answer_bytes_max) {
      return finish(ProbeOutcome::failed,
                    said() + " and more than " + std::to_string(conversation_answer_bytes_max) + " bytes" + wanted());
    }
    listen();
  }

  void next_step() {
    ++at_;
    begin_step();
  }

  [[nodiscard]] std::string said() const {
    const std::string& name = steps_[at_].name;
    return (name.empty() ? "greeted with " : "answered " + name + " with ") + quoted_beginning(answer_);
  }

  [[nodiscard]] std::string wanted() const {
    const std::string& text = steps_[at_].wanted;
    return text.empty() ? "" : ", wanted " + text;
  }

  const std::vector<ConversationStep> steps_;
  std::size_t at_ = 0;
  std::string answer_;
};

}  // namespace

std::shared_ptr<Probe> start_conversation_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                ProbeDone done) {
  auto probe = std::make_shared<ConversationProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
