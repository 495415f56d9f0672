// SPDX-License-Identifier: Apache-2.0
// The messages of gRPC's health protocol (grpc.health.v1, Check), framed as gRPC frames them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace guideway {

// HealthCheckRequest{service}.
[[nodiscard]] std::string grpc_health_request(std::string_view service);
// The status of a HealthCheckResponse: 0 unknown, 1 serving, 2 not serving, 3 unknown service. Nothing if it is none.
[[nodiscard]] std::optional<std::uint64_t> grpc_health_status(std::string_view framed);
[[nodiscard]] std::string grpc_health_name(std::uint64_t status);
// "5 NOT_FOUND".
[[nodiscard]] std::string grpc_status_name(std::string_view status);

}  // namespace guideway
