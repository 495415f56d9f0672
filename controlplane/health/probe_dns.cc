// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/probe_dns.hh"

#include <cstddef>
#include <random>
#include <utility>

#include "controlplane/health/connecting_probe.hh"
#include "controlplane/health/datagram_probe.hh"
#include "controlplane/health/dns_message.hh"
#include "controlplane/health/udp_socket.hh"

namespace guideway {
namespace {

DnsQuestion question_of(const CheckTarget& target) {
  static std::minstd_rand random{std::random_device{}()};
  std::string name = target.query;
  if (!name.empty() && name.back() == '.') name.pop_back();
  return {static_cast<std::uint16_t>(random()), std::move(name), target.record};
}

std::string awaited_text(const DnsQuestion& question) {
  return "answer for " + (question.name.empty() ? "." : question.name) + " " + question.record;
}

ProbeOutcome outcome_of(const DnsVerdict& verdict) { return verdict.ok ? ProbeOutcome::ok : ProbeOutcome::failed; }

class DnsOverUdp final : public DatagramProbe {
 public:
  DnsOverUdp(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : DatagramProbe(io, target, std::move(done)), question_(question_of(target)) {}

 private:
  [[nodiscard]] int open_socket() override { return open_udp_socket(target_.address.family); }
  [[nodiscard]] std::string request() override { return dns_query(question_); }
  [[nodiscard]] std::string awaited() const override {
    return awaited_text(question_) + (is_other_there_ ? " (but a datagram that is none)" : "");
  }

  // Another datagram may be a late or a forged one: the right one may still come.
  void on_datagram(std::string_view bytes) override {
    if (const auto verdict = judge_dns_answer(bytes, question_, target_.answer))
      return finish(outcome_of(*verdict), verdict->sentence);
    is_other_there_ = true;
  }

  const DnsQuestion question_;
  bool is_other_there_ = false;
};

// RFC 1035, section 4.2.2: each message behind its length.
class DnsOverTcp final : public ConnectingProbe {
 public:
  DnsOverTcp(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done)
      : ConnectingProbe(io, target, std::move(done)), question_(question_of(target)) {}

 private:
  void on_connected() override {
    const std::string query = dns_query(question_);
    const std::string length{static_cast<char>(query.size() >> 8), static_cast<char>(query.size() & 0xff)};
    write(length + query, [this] { listen(); });
  }

  [[nodiscard]] std::string awaited_answer() const override { return awaited_text(question_); }

  void listen() {
    read([this](std::string_view bytes, bool closed) {
      said_ += bytes;
      const std::size_t length = said_.size() < 2 ? 0
                                                  : static_cast<std::size_t>(static_cast<std::uint8_t>(said_[0])) << 8 |
                                                        static_cast<std::uint8_t>(said_[1]);
      if (said_.size() >= 2 && said_.size() >= length + 2) return judge(std::string_view(said_).substr(2, length));
      if (closed) return finish(ProbeOutcome::failed, "connection closed, no " + awaited_text(question_));
      listen();
    });
  }

  void judge(std::string_view message) {
    const auto verdict = judge_dns_answer(message, question_, target_.answer);
    if (!verdict) return finish(ProbeOutcome::failed, "what came is no " + awaited_text(question_));
    finish(outcome_of(*verdict), verdict->sentence);
  }

  const DnsQuestion question_;
  std::string said_;
};

}  // namespace

std::shared_ptr<Probe> start_dns_probe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done) {
  if (target.transport == DnsTransport::udp) {
    auto probe = std::make_shared<DnsOverUdp>(io, target, std::move(done));
    probe->start();
    return probe;
  }
  auto probe = std::make_shared<DnsOverTcp>(io, target, std::move(done));
  probe->start();
  return probe;
}

}  // namespace guideway
