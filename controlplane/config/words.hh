// SPDX-License-Identifier: Apache-2.0
// The words of the configuration for the values of its enumerations, the same in TOML, JSON, API and CLI.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/config/schema.hh"

namespace guideway {

// The words for checks: of those that may be inside TLS some have one of their own for that.
struct CheckWord {
  std::string_view word;
  CheckKind kind = CheckKind::none;
  bool tls = false;
};
inline constexpr std::array check_words{
    CheckWord{"tcp", CheckKind::tcp},          CheckWord{"tls", CheckKind::tcp, true},
    CheckWord{"udp", CheckKind::udp},          CheckWord{"http", CheckKind::http},
    CheckWord{"https", CheckKind::http, true}, CheckWord{"grpc", CheckKind::grpc},
    CheckWord{"dns", CheckKind::dns},          CheckWord{"icmp", CheckKind::icmp},
    CheckWord{"redis", CheckKind::redis},      CheckWord{"memcached", CheckKind::memcached},
    CheckWord{"smtp", CheckKind::smtp},        CheckWord{"postgresql", CheckKind::postgresql},
    CheckWord{"mysql", CheckKind::mysql},      CheckWord{"amqp", CheckKind::amqp},
    CheckWord{"program", CheckKind::program},  CheckWord{"agent", CheckKind::agent},
    CheckWord{"none", CheckKind::none}};
[[nodiscard]] std::optional<CheckWord> check_word(std::string_view word) noexcept;
// All of them: `"tcp", "tls" or "none"` with quotes, or without.
[[nodiscard]] std::string check_words_text(bool quoted);
[[nodiscard]] std::string_view name_of(CheckKind kind) noexcept;
[[nodiscard]] std::string_view name_of(const CheckQuestion& question) noexcept;
[[nodiscard]] std::string_view name_of(DnsTransport transport) noexcept;
[[nodiscard]] std::string_view name_of(CheckThrough through) noexcept;
[[nodiscard]] std::string_view name_of(CheckRule rule) noexcept;
[[nodiscard]] std::string_view name_of(Forward forward) noexcept;
[[nodiscard]] std::string_view name_of(Administrative state) noexcept;
[[nodiscard]] std::string_view name_of(Scheduler scheduler) noexcept;
[[nodiscard]] std::string_view name_of(NoBackendPolicy policy) noexcept;
[[nodiscard]] std::string_view name_of(UdpMode mode) noexcept;
[[nodiscard]] std::string_view name_of(DatapathChoice choice) noexcept;
[[nodiscard]] std::string_view name_of(const ServiceProtocol& protocol) noexcept;
// "80", "8000-8100" or "any".
[[nodiscard]] std::string ports_text(const ServiceConfig& service);

}  // namespace guideway
