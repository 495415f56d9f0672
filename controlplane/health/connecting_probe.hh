// SPDX-License-Identifier: Apache-2.0
// What probes over TCP have in common: a connection, TLS around it if the target says so, reading and writing. It
// ends by a reset, not a close, so that thousands of checks leave no sockets in TIME_WAIT behind.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "controlplane/health/timed_probe.hh"

namespace guideway {

class ConnectingProbe : public TimedProbe {
 public:
  ConnectingProbe(boost::asio::io_context& io, const CheckTarget& target, ProbeDone done);
  ~ConnectingProbe() override;

 protected:
  // The connection stands; ends in finish(), fail() or the deadline.
  virtual void on_connected() = 0;
  // What is awaited once it stands.
  [[nodiscard]] virtual std::string awaited_answer() const = 0;
  // What TLS offers as the protocol inside (ALPN).
  [[nodiscard]] virtual std::string_view protocol_inside() const { return {}; }

  // One write and one read at a time. What `then` belongs to lives until it was called; it is not called any more once
  // the probe is over. Errors end the probe; but a server may answer and close before it has read all, so one that is
  // met while writing does not: what the server said is then still to be read.
  void write(std::string bytes, std::function<void()> then);
  void read(std::function<void(std::string_view bytes, bool closed)> then);

 private:
  struct Wire;
  enum class Stage { connecting, securing, connected };

  void begin() final;
  void close() final;
  [[nodiscard]] std::string awaited() const final;
  void on_connect_result(const boost::system::error_code& error);
  [[nodiscard]] bool connected_to_itself() const;
  void secure();
  void on_secured(const boost::system::error_code& error);

  std::unique_ptr<Wire> wire_;
  Stage stage_ = Stage::connecting;
};

}  // namespace guideway
