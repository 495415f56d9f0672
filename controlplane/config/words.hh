// SPDX-License-Identifier: Apache-2.0
// The words of the configuration for the values of its enumerations, the same in TOML, JSON, API and CLI.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/config/schema.hh"

namespace guideway {

[[nodiscard]] std::string_view name_of(CheckKind kind) noexcept;
[[nodiscard]] std::string_view name_of(Forward forward) noexcept;
[[nodiscard]] std::string_view name_of(Administrative state) noexcept;
[[nodiscard]] std::string_view name_of(Scheduler scheduler) noexcept;
[[nodiscard]] std::string_view name_of(NoBackendPolicy policy) noexcept;
[[nodiscard]] std::string_view name_of(UdpMode mode) noexcept;
[[nodiscard]] std::string_view name_of(const ServiceProtocol& protocol) noexcept;
// "80", "8000-8100" or "any".
[[nodiscard]] std::string ports_text(const ServiceConfig& service);

}  // namespace guideway
