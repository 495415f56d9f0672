// SPDX-License-Identifier: Apache-2.0
// `backend show`.
#include <algorithm>
#include <string>

#include <fmt/core.h>

#include "controlplane/cli/backend_words.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/config/duration.hh"

namespace guideway {
namespace {

using nlohmann::json;

std::string duration_field(const json& object, const char* key) {
  return duration_text(static_cast<std::uint32_t>(std::min<std::uint64_t>(count_field(object, key), UINT32_MAX)));
}

// "every 2s (500ms in doubt, 10s while down), 1s long, rise 2, fall 3, through the service".
std::string made_text(const json& made) {
  std::string result = "every " + duration_field(made, "interval_ms");
  std::string otherwise;
  if (count_field(made, "fast_interval_ms") != count_field(made, "interval_ms"))
    otherwise = duration_field(made, "fast_interval_ms") + " in doubt";
  if (count_field(made, "down_interval_ms") != count_field(made, "interval_ms"))
    otherwise += (otherwise.empty() ? "" : ", ") + duration_field(made, "down_interval_ms") + " while down";
  if (!otherwise.empty()) result += " (" + otherwise + ")";
  result += fmt::format(", timeout {}, rise {}, fall {}", duration_field(made, "timeout_ms"), text_field(made, "rise"),
                        text_field(made, "fall"));
  return text_field(made, "through") == "service" ? result + ", through the service" : result;
}

// Each of them: what it said last, and when it is made.
std::string checks_text(const json& backend) {
  const json& several = object_field(backend, "checks");
  json results = list_field(several, "list");
  if (results.empty()) results = json::array({object_field(backend, "check")});
  const json& made = list_field(backend, "made");
  std::string text;
  if (results.size() > 1) text = fmt::format("checks      {} must pass\n", text_field(several, "rule"));
  for (std::size_t i = 0; i < results.size(); ++i) {
    text +=
        fmt::format("{:<12}{}\n", i == 0 && results.size() == 1 ? "check" : "", check_text({{"check", results[i]}}));
    if (i < made.size() && made[i].contains("interval_ms")) text += fmt::format("{:12}{}\n", "", made_text(made[i]));
  }
  return text;
}

std::string way_text(const json& backend) {
  std::string text = next_hop_text(backend);
  if (backend.contains("mtu")) text += ", MTU " + text_field(backend, "mtu");
  if (backend.contains("outer_source")) text += ", tunnelled from " + text_field(backend, "outer_source");
  return text;
}

std::string drain_text(const json& drain) {
  const std::string quiet = drain.contains("quiet_ms") && drain["quiet_ms"].is_number()
                                ? "no packet for " + time_text(count_field(drain, "quiet_ms") / 1000)
                                : "not known when the last packet came";
  if (text_field(drain, "then") == "-") return quiet + ", until somebody says something else";
  return fmt::format("{}, {} in {}", quiet, text_field(drain, "then"),
                     time_text(count_field(drain, "ends_in_ms") / 1000));
}

std::string names_text(const json& list) {
  std::string text;
  for (const json& name : list) text += (text.empty() ? "" : ", ") + (name.is_string() ? name.get<std::string>() : "");
  return text.empty() ? "none now" : text;
}

}  // namespace

std::string backend_text(const json& answer) {
  const json& backend = answer.is_object() ? answer : json::object();
  std::string text = fmt::format("backend     {}/{}\n", text_field(backend, "pool"), text_field(backend, "name"));
  text += fmt::format("address     {}\n", text_field(backend, "address"));
  text += fmt::format("serves      {}\n", names_text(list_field(backend, "services")));
  text += fmt::format("state       {}\n", state_text(backend));
  if (const std::string layers = layers_text(backend); !layers.empty()) text += fmt::format("layers      {}\n", layers);
  if (const std::string detail = text_field(backend, "detail"); detail != "-" && !detail.empty())
    text += fmt::format("detail      {}\n", detail);
  if (backend.contains("drain")) text += fmt::format("drain       {}\n", drain_text(backend["drain"]));
  if (count_field(backend, "falls") != 0) text += fmt::format("falls       {} lately\n", text_field(backend, "falls"));
  text += fmt::format("weight      {}, share {}\n", text_field(backend, "weight"), share_text(backend));
  text += fmt::format("forward     {}\n", forward_text(backend));
  text += fmt::format("next hop    {}\n", way_text(backend));
  text += checks_text(backend);
  text += fmt::format("traffic     {} packets, {}, {} flows opened, {} remembered\n", text_field(backend, "packets"),
                      bytes_text(count_field(backend, "bytes")), text_field(backend, "opened"),
                      text_field(backend, "remembered"));
  return text;
}

}  // namespace guideway
