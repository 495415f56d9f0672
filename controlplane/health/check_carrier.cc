// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/check_carrier.hh"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

namespace guideway {
namespace {

namespace asio = boost::asio;

class CarrierOfContext : public asio::execution_context::service {
 public:
  using key_type = CarrierOfContext;
  static inline asio::execution_context::id id;

  explicit CarrierOfContext(asio::execution_context& context) : asio::execution_context::service(context) {}
  CheckCarrier* carrier = nullptr;

 private:
  void shutdown() override {}
};

}  // namespace

void set_check_carrier(asio::io_context& io, CheckCarrier* carrier) {
  asio::use_service<CarrierOfContext>(io).carrier = carrier;
}

CheckCarrier* check_carrier(asio::io_context& io) { return asio::use_service<CarrierOfContext>(io).carrier; }

}  // namespace guideway
