// SPDX-License-Identifier: Apache-2.0
// A gRPC health check: one call of grpc.health.v1.Health/Check over HTTP/2 (with prior knowledge, or by ALPN over TLS),
// that must be answered SERVING. At most 64 KiB of an answer are read.
#pragma once

#include <memory>

#include "controlplane/health/check_target.hh"
#include "controlplane/health/probe_result.hh"

namespace boost::asio {
class io_context;
}

namespace guideway {

[[nodiscard]] std::shared_ptr<Probe> start_grpc_probe(boost::asio::io_context& io, const CheckTarget& target,
                                                      ProbeDone done);

}  // namespace guideway
