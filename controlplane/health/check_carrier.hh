// SPDX-License-Identifier: Apache-2.0
// Who carries the packets of checks that go through a service: known to the io_context that the checks run on, since
// what it takes (devices, routes, the datapath's rows) is no affair of theirs.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "dataplane/base/result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

class CheckCarrier {
 public:
  CheckCarrier() = default;
  CheckCarrier(const CheckCarrier&) = delete;
  CheckCarrier& operator=(const CheckCarrier&) = delete;
  virtual ~CheckCarrier() = default;
  // What this socket, which is not connected yet, will send goes the way of `target.way`, for as long as the result is
  // held. An error is this machine's own.
  [[nodiscard]] virtual Result<std::shared_ptr<void>> carry(int socket, const CheckTarget& target) = 0;
};

// Null: nobody. It must outlive what runs on the io_context.
void set_check_carrier(boost::asio::io_context& io, CheckCarrier* carrier);
[[nodiscard]] CheckCarrier* check_carrier(boost::asio::io_context& io);

}  // namespace guideway
