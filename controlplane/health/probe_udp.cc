// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_udp.hh"

#include <sys/socket.h>

#include <utility>

#include "controlplane/config/answer_pattern.hh"
#include "controlplane/health/datagram_probe.hh"
#include "controlplane/health/quoted_beginning.hh"
#include "controlplane/health/udp_socket.hh"

namespace guideway {
namespace {

class UdpProbe final : public DatagramProbe {
 public:
  UdpProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : DatagramProbe(io, target, std::move(done)),
        expected_(AnswerPattern::parse(target.expect).value_or(AnswerPattern())) {}

 private:
  [[nodiscard]] int open_socket() override { return open_udp_socket(target_.address.family); }
  [[nodiscard]] std::string request() override { return bytes_of(target_.send).value_or(std::string()); }
  [[nodiscard]] std::string awaited() const override {
    return "answer with " + quoted_beginning(target_.expect) + (other_.empty() ? "" : " (but " + other_ + ")");
  }

  // Another datagram may be a late one: the right one may still come.
  void on_datagram(std::string_view bytes) override {
    if (expected_.occurs_in(bytes)) return finish(ProbeOutcome::ok, "answered as expected");
    other_ = quoted_beginning(bytes);
  }

  const AnswerPattern expected_;
  std::string other_;
};

}  // namespace

std::shared_ptr<Probe> start_udp_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<UdpProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
