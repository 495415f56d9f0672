// SPDX-License-Identifier: Apache-2.0
// Asks guidewayd: one HTTP request over its unix socket or TLS, one answer in JSON.
#pragma once

#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "controlplane/cli/api_address.hh"
#include "dataplane/base/result.hh"

namespace guideway {

struct ApiReply {
  unsigned status = 0;
  nlohmann::json body;
};

struct ApiFailure {
  bool unreachable = false;  // nobody answers at all
  std::string message;
};

class ApiClient {
 public:
  explicit ApiClient(ApiAddress address) : address_(std::move(address)) {}

  [[nodiscard]] tl::expected<ApiReply, ApiFailure> get(const std::string& target) const;
  // An answer that goes on: `piece` gets each line as it comes, until the daemon ends it. A refusal comes back at once.
  [[nodiscard]] tl::expected<ApiReply, ApiFailure> follow(const std::string& target,
                                                          const std::function<void(const std::string&)>& line) const;
  [[nodiscard]] tl::expected<ApiReply, ApiFailure> post(const std::string& target, const nlohmann::json& body) const;

 private:
  ApiAddress address_;
};

// A piece of a path or a query with everything encoded that could end it.
[[nodiscard]] std::string percent_encoded(const std::string& text);

}  // namespace guideway
