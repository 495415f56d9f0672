// SPDX-License-Identifier: Apache-2.0
// From a request to the one operation that answers it: paths, methods, parameters and bodies are checked here, and
// whatever is wrong is answered with {"error": a sentence} and the status that fits.
#pragma once

#include <string>

#include "controlplane/api/access.hh"
#include "controlplane/api/operations.hh"

namespace guideway {

struct ApiRequest {
  std::string method;  // as on the wire: "GET"
  std::string target;
  std::string body;
  Caller caller;
  Access access = Access::none;
};

class Router {
 public:
  explicit Router(Operations& operations) noexcept : operations_(operations) {}
  void handle(const ApiRequest& request, Operations::Respond respond);

 private:
  void get(const std::vector<std::string>& path, const std::map<std::string, std::string>& query,
           Operations::Respond respond);
  void post(const std::string& path, const nlohmann::json& body, const Actor& actor, Operations::Respond respond);
  Operations& operations_;
};

}  // namespace guideway
