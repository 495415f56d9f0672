// SPDX-License-Identifier: Apache-2.0
// What a command has at hand while it runs: the daemon, the two streams, and how answers become output and exit status.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "controlplane/cli/api_client.hh"

namespace guideway {

class Session {
 public:
  using Render = std::function<std::string(const nlohmann::json&)>;

  // `columns`: of lists, the keys to show; empty: as the command thinks best.
  // `based_on`: the generation that changes are based on, if the line says.
  Session(ApiAddress api, bool as_json, std::vector<std::string> columns, std::optional<std::uint64_t> based_on,
          std::ostream& output, std::ostream& error)
      : client_(std::move(api)),
        json_(as_json),
        columns_(std::move(columns)),
        based_on_(based_on),
        output_(output),
        error_(error) {}

  // Each returns the exit status.
  int ask(const std::string& target, const Render& render) { return finish(client_.get(target), render); }
  int post(const std::string& target, const nlohmann::json& body, const Render& render) {
    return finish(client_.post(target, body), render);
  }
  // The same, of a request that changes something.
  int change(const std::string& target, nlohmann::json body, const Render& render);
  int finish(const tl::expected<ApiReply, ApiFailure>& reply, const Render& render);
  int print(const nlohmann::json& document, const Render& render);

  [[nodiscard]] const ApiClient& client() const { return client_; }
  [[nodiscard]] bool wants_json() const { return json_; }
  [[nodiscard]] std::ostream& output() { return output_; }
  [[nodiscard]] std::ostream& error() { return error_; }

 private:
  ApiClient client_;
  bool json_;
  std::vector<std::string> columns_;
  std::optional<std::uint64_t> based_on_;
  std::ostream& output_;
  std::ostream& error_;
};

// As --json prints it.
[[nodiscard]] std::string dumped(const nlohmann::json& document);

}  // namespace guideway
