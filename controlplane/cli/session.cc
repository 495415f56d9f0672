// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/session.hh"

#include <ostream>

#include "controlplane/cli/columns.hh"
#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/render.hh"

namespace guideway {

using nlohmann::json;

std::string dumped(const json& document) { return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n"; }

int Session::print(const json& document, const Render& render) {
  if (!json_ && !columns_.empty()) {
    const auto text = columns_text(document, columns_);
    if (!text) {
      error_ << "guideway: " << text.error().message << "\n";
      return exit_usage;
    }
    output_ << *text;
    return exit_ok;
  }
  output_ << (json_ ? dumped(document) : render(document));
  return exit_ok;
}

int Session::change(const std::string& target, json body, const Render& render) {
  if (based_on_) body["if_generation"] = *based_on_;
  return post(target, body, render);
}

int Session::finish(const tl::expected<ApiReply, ApiFailure>& reply, const Render& render) {
  if (!reply) {
    error_ << "guideway: " << reply.error().message << "\n";
    return reply.error().unreachable ? exit_unreachable : exit_refused;
  }
  if (reply->status >= 200 && reply->status < 300) return print(reply->body, render);
  if (json_) output_ << dumped(reply->body);
  const bool lists_mistakes = reply->body.is_object() && reply->body.contains("errors");
  error_ << (lists_mistakes ? "" : "guideway: ") << error_text(reply->body, reply->status);
  return exit_refused;
}

}  // namespace guideway
