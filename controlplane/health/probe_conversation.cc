// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_conversation.hh"

#include <array>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <utility>
#include <vector>

#include "controlplane/health/connecting_probe.hh"
#include "controlplane/health/conversation.hh"

namespace guideway {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t answer_bytes_max = std::size_t{16} * 1024;

class ConversationProbe final : public ConnectingProbe {
 public:
  ConversationProbe(asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)), steps_(conversation_of(target)) {}

 private:
  void on_connected() override { begin_step(); }

  [[nodiscard]] std::string awaited() const override {
    const ConversationStep& step = steps_[at_];
    std::string text = step.name.empty() ? "greeting" : "answer to " + step.name;
    if (!step.wanted.empty()) text += " with " + step.wanted;
    return text;
  }

  void begin_step() {
    if (at_ == steps_.size()) return finish(ProbeOutcome::ok, steps_.empty() ? "connected" : "answered as expected");
    answer_.clear();
    if (steps_[at_].send.empty()) return listen();
    const auto self = shared_from_this();
    asio::async_write(socket_, asio::buffer(steps_[at_].send), [this, self](const error_code& error, std::size_t) {
      // A server may answer and close before it has read all; what it said is then still to be read.
      if (finished()) return;
      if (error && error != asio::error::broken_pipe && error != asio::error::connection_reset) return fail(error);
      listen();
    });
  }

  void listen() {
    if (steps_[at_].expected.empty()) return next_step();
    const auto self = shared_from_this();
    socket_.async_read_some(asio::buffer(received_), [this, self](const error_code& error, std::size_t bytes) {
      if (finished()) return;
      answer_.append(received_.data(), bytes);
      judge(error);
    });
  }

  void judge(const error_code& error) {
    const ConversationStep& step = steps_[at_];
    if (step.expected.occurs_in(answer_)) return next_step();
    const bool is_whole = !step.complete.empty() && step.complete.occurs_in(answer_);
    if (is_whole) return finish(ProbeOutcome::failed, said() + ", wanted " + step.wanted);
    if (error == asio::error::eof) {
      return finish(ProbeOutcome::failed, answer_.empty() ? "connection closed, no " + awaited()
                                                          : said() + " and closed, wanted " + step.wanted);
    }
    if (error) return fail(error);
    if (answer_.size() >= answer_bytes_max) {
      return finish(ProbeOutcome::failed,
                    said() + " and more than " + std::to_string(answer_bytes_max) + " bytes, wanted " + step.wanted);
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

  const std::vector<ConversationStep> steps_;
  std::size_t at_ = 0;
  std::string answer_;
  std::array<char, 4096> received_{};
};

}  // namespace

std::shared_ptr<Probe> start_conversation_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                ProbeDone done) {
  auto probe = std::make_shared<ConversationProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
