// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/edit_forms.hh"

#include <charconv>
#include <optional>

#include <fmt/core.h>

#include "controlplane/config/words.hh"
#include "dataplane/net/address.hh"

namespace guideway {
namespace {

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// A value that reads as a number is one, true and false are themselves; a status range, a duration or an address is a
// string.
nlohmann::json value_of(std::string_view text) {
  if (const auto number = number_of(text)) return *number;
  if (text == "true" || text == "false") return text == "true";
  return std::string(text);
}

// The first word, and "key=value" for every further one.
Result<std::string_view> split(std::string_view text, nlohmann::json& keys) {
  const std::string_view whole = text;
  const std::string_view first = text.substr(0, text.find(','));
  text.remove_prefix(first.size());
  while (!text.empty()) {
    text.remove_prefix(1);
    const std::string_view pair = text.substr(0, text.find(','));
    text.remove_prefix(pair.size());
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return failure(fmt::format("\"{}\" in \"{}\" is not key=value; write it as in weight=5", pair, whole));
    const std::string key(pair.substr(0, equals));
    if (keys.contains(key)) return failure(fmt::format("\"{}\" gives {} twice; leave one out", whole, key));
    keys[key] = value_of(pair.substr(equals + 1));
  }
  return first;
}

}  // namespace

Result<nlohmann::json> backend_form(std::string_view text) {
  nlohmann::json keys = nlohmann::json::object();
  const auto first = split(text, keys);
  if (!first) return failure_of(first);
  const auto endpoint = Endpoint::parse(*first);
  if (!endpoint) {
    return failure(
        fmt::format("\"{}\" is not a backend; give ADDRESS or ADDRESS:PORT with the port of its check, such "
                    "as 10.0.0.1 or [fd00::1]:8080",
                    *first));
  }
  if (keys.contains("address")) return failure(fmt::format("\"{}\" gives the address twice; leave one out", text));
  keys["address"] = endpoint->address.text();
  if (endpoint->port != 0) {
    if (keys.contains("port")) return failure(fmt::format("\"{}\" gives the port twice; leave one out", text));
    keys["port"] = endpoint->port;
  }
  return keys;
}

Result<nlohmann::json> check_form(std::string_view text) {
  nlohmann::json keys = nlohmann::json::object();
  const auto first = split(text, keys);
  if (!first) return failure_of(first);
  const auto word = check_word(*first);
  if (*first == "none" || (word && keys.empty())) {
    if (!keys.empty()) return failure("a check that is none has no keys; leave them out");
    return nlohmann::json(std::string(*first));
  }
  const std::size_t colon = first->find(":/");
  const std::string_view scheme = first->substr(0, colon);
  if (word) {
    keys["type"] = std::string(*first);
  } else if (colon != std::string_view::npos && (scheme == "http" || scheme == "https")) {
    keys[std::string(scheme)] = std::string(first->substr(colon + 1));
  } else {
    return failure(
        fmt::format("\"{}\" is not a check; give http:/path, https:/path, {}", *first, check_words_text(false)));
  }
  return keys;
}

Result<nlohmann::json> port_form(std::string_view text) {
  if (text == "any") return nlohmann::json("any");
  if (const auto number = number_of(text)) return nlohmann::json(*number);
  const std::size_t dash = text.find('-');
  const bool is_range =
      dash != std::string_view::npos && number_of(text.substr(0, dash)) && number_of(text.substr(dash + 1));
  if (!is_range)
    return failure(
        fmt::format("\"{}\" is not a port; give a number from 1 to 65535, a range such as 8000-8100, or any", text));
  return nlohmann::json(std::string(text));
}

Result<BackendName> backend_name_form(const std::vector<std::string>& words) {
  if (words.size() == 2) return BackendName{words[0], words[1]};
  const std::string& word = words.front();
  const std::size_t slash = word.find('/');
  if (words.size() != 1 || slash == std::string::npos || slash == 0 || slash + 1 == word.size())
    return failure(fmt::format("\"{}\" does not name a backend; give POOL NAME or POOL/NAME", word));
  return BackendName{word.substr(0, slash), word.substr(slash + 1)};
}

Result<std::uint32_t> number_form(std::string_view text, std::string_view what) {
  const auto number = number_of(text);
  if (!number) return failure(fmt::format("\"{}\" is not {}; give a number", text, what));
  return *number;
}

}  // namespace guideway
