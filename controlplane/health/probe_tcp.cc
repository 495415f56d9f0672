// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_tcp.hh"

#include <utility>

#include "controlplane/health/connecting_probe.hh"

namespace guideway {
namespace {

class TcpProbe final : public ConnectingProbe {
 public:
  using ConnectingProbe::ConnectingProbe;

 private:
  void on_connected() override { finish(ProbeOutcome::ok, "connected"); }
  [[nodiscard]] std::string awaited() const override { return "connection"; }
};

}  // namespace

std::shared_ptr<Probe> start_tcp_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  auto probe = std::make_shared<TcpProbe>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
