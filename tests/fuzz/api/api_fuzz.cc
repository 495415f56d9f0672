// SPDX-License-Identifier: Apache-2.0
// Any request to the API: method, target and body on lines of their own, the first byte of it all says who asks. It is
// answered once, with a status that exists and JSON that can be sent; what a reader may not do reaches nobody; and
// edits that are accepted leave a valid configuration, and survive the way through JSON.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "controlplane/api/router.hh"
#include "controlplane/config/load.hh"
#include "controlplane/config/validate.hh"
#include "controlplane/model/edit.hh"
#include "dataplane/base/check.hh"

namespace {

using guideway::check;

const guideway::Config& running() {
  static const guideway::Config config = *guideway::load_config_text(
      "hash_key = \"00112233445566778899aabbccddeeff\"\n[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = "
      "80\n"
      "backends = [\"10.0.0.1\", { name = \"b\", address = \"10.0.0.2\" }]\n[[pool]]\nname = \"p\"\n"
      "backends = [\"10.0.1.1\"]\n",
      "running.toml");
  return config;
}

// Takes what a change would need, but changes nothing.
class Recorder final : public guideway::Operations {
 public:
  guideway::Reply status() override { return looked(); }
  guideway::Reply services() override { return looked(); }
  guideway::Reply service(const std::string& name) override { return looked(name); }
  guideway::Reply backends(const std::optional<std::string>& pool) override { return looked(pool.value_or("")); }
  guideway::Reply backend(const std::string& pool, const std::string& name) override { return looked(pool + name); }
  guideway::Reply stats() override { return looked(); }
  void metrics(Respond respond) override { respond(looked()); }
  guideway::Reply config() override { return changed(); }
  guideway::Reply config_diff(const guideway::ConfigSource& source) override { return changed(source.name); }
  guideway::Reply config_history() override { return changed(); }
  void config_apply(const guideway::ConfigSource& source, const guideway::ChangeTerms& /*terms*/,
                    Respond respond) override {
    respond(changed(source.name));
  }
  void config_rollback(std::uint64_t /*change*/, const guideway::ChangeTerms& /*terms*/, Respond respond) override {
    respond(changed());
  }
  void edits(std::vector<guideway::Edit> edits, const guideway::ChangeTerms& /*terms*/, Respond respond) override {
    for (const guideway::Edit& edit : edits) {
      check(guideway::text_of(edit).find('\n') == std::string::npos, "an edit is one line of the log");
      const auto again = guideway::edit_from_json(guideway::to_json(edit));
      check(again.has_value(), "an edit survives the way through JSON");
    }
    const auto after = guideway::apply_edits(running(), edits);
    if (after) check(guideway::validate(*after).has_value(), "what edits leave is valid");
    respond(changed());
  }
  void explain(const guideway::ExplainRequest& request, Respond respond) override {
    respond(looked(request.source.text() + request.destination.text()));
  }
  guideway::Reply events(const guideway::EventsRequest& request) override { return looked(request.service); }
  guideway::Reply flows(const guideway::FlowsRequest& request) override { return looked(request.service); }
  void capture(const guideway::CaptureRequest& request, Respond respond) override { respond(changed(request.service)); }

  bool has_changed = false;

 private:
  static guideway::Reply looked(const std::string& what = "") { return {200, {{"asked", what}}}; }
  guideway::Reply changed(const std::string& what = "") {
    has_changed = true;
    return looked(what);
  }
};

std::string take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string line(text.substr(0, end));
  text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  guideway::ApiRequest request;
  request.access = data[0] % 3 == 0   ? guideway::Access::none
                   : data[0] % 3 == 1 ? guideway::Access::read
                                      : guideway::Access::administer;
  request.method = take_line(text);
  request.target = take_line(text);
  request.body = text;
  const guideway::Access access = request.access;

  Recorder operations;
  guideway::Router router(operations);
  int answers = 0;
  router.handle(request, [&](const guideway::Reply& reply) {
    ++answers;
    check(reply.status >= 200 && reply.status < 600, "a status is one of HTTP");
    const bool is_refusal = reply.status >= 400;
    check(!is_refusal || reply.body.at("error").is_string(), "a refusal says why");
    if (!reply.text) check(!reply.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).empty(), "JSON");
  });
  check(answers == 1, "a request is answered once");
  check(!operations.has_changed || access == guideway::Access::administer, "only an administrator changes anything");
  return 0;
}
