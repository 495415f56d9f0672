// SPDX-License-Identifier: Apache-2.0
// What probes by datagrams (UDP, ICMP) have in common: a socket connected to the target, so that only what the target
// says arrives and ICMP errors about it do too.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "controlplane/health/timed_probe.hh"

namespace guideway {

class DatagramProbe : public TimedProbe {
 public:
  DatagramProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done);
  ~DatagramProbe() override;

 protected:
  // Its file descriptor, not blocking; -1 and errno if this machine cannot.
  [[nodiscard]] virtual int open_socket() = 0;
  // What is sent, once.
  [[nodiscard]] virtual std::string request() = 0;
  // Something came; ends in finish(), or waits for more.
  virtual void on_datagram(std::string_view bytes) = 0;

 private:
  struct Socket;

  void begin() final;
  void close() final;
  void await();
  void take();
  void fail_datagram();

  std::unique_ptr<Socket> socket_;
};

}  // namespace guideway
