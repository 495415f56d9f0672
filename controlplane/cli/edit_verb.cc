// SPDX-License-Identifier: Apache-2.0
// `service edit`, `pool edit`, `backend edit`: some keys of what is there, as options.
#include <algorithm>
#include <memory>
#include <string_view>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/verbs.hh"
#include "controlplane/config/keys.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* service_edit_example =
    "What is not given stays. A --check refines the one that is there, several replace all; --unset takes a key back "
    "to "
    "its default.\nKeys of the pool that a service has for itself are the service's, and its backends follow them "
    "where they say nothing else.\nFlows stay, but for a new pool, table_slots, or a scheduler to or from source; "
    "--dry-run tells.\n\n"
    "Examples:\n"
    "  guideway service edit web --idle-timeout 5m --check http:/ready,interval=1s\n"
    "  guideway service edit web --check http:/ready --check tcp,port=8443 --checks any\n"
    "  guideway service edit web --unset allow --when-none reject --dry-run";
constexpr const char* pool_edit_example =
    "What is not given stays. A --check refines the one that is there, several replace all; --unset takes a key back "
    "to "
    "its default.\nBackends follow their pool where they say nothing else.\n\n"
    "Examples:\n"
    "  guideway pool edit shared --panic-percent 30\n"
    "  guideway pool edit shared --check tcp,interval=1s --unset slow_start";
constexpr const char* backend_edit_example =
    "What is not given stays. A --check refines the one that is there, several replace all; --unset takes a key back "
    "to "
    "what the pool says.\nIts name stays, and with it its place in the table and its flows.\n\n"
    "Examples:\n"
    "  guideway backend edit web 10.0.0.2 --check http:/ready --weight 3\n"
    "  guideway backend edit web/b2 --address 10.0.0.22 --unset mac";

struct EditWords {
  std::string name;                  // of a service or a pool
  std::vector<std::string> backend;  // POOL NAME or POOL/NAME
  std::vector<std::string> unset;
  json keys = json::object();
};

// With null for what is unset.
json keys_of(const EditWords& words) {
  json keys = words.keys;
  for (std::string key : words.unset) {
    std::replace(key.begin(), key.end(), '-', '_');
    if (keys.contains(key)) refuse(fmt::format("{} is both given and unset; leave one out", key));
    keys[key] = nullptr;
  }
  if (keys.empty()) refuse("nothing to change is given; give a key such as --weight 5 or --unset mac");
  return keys;
}

// A flag has to be said no as well.
void add_edit_option(CLI::App& command, const KeyOption& option, json& keys) {
  if (option.form != KeyForm::flag) return add_key_option(command, option, keys);
  std::string name = "--" + std::string(option.key);
  std::replace(name.begin(), name.end(), '_', '-');
  command
      .add_option_function<std::string>(
          name, [&keys, option](const std::string& text) { keys[option.key] = text == "true"; }, option.what)
      ->check(CLI::IsMember({"true", "false"}));
}

void add_unset(CLI::App& command, EditWords& words) {
  command.add_option("--unset", words.unset, "A key to take back to its default; may be given several times")
      ->allow_extra_args(false);
}

bool is_key_of_pool(const std::string& key) {
  return std::find(keys::pool.begin(), keys::pool.end(), key) != keys::pool.end();
}

}  // namespace

void add_service_edit(Grammar& grammar, CLI::App& service) {
  auto words = std::make_shared<EditWords>();
  CLI::App* command =
      grammar.add_change(service, "edit", "Change some keys of a service", service_edit_example, [&grammar, words] {
        const std::string& name = words->name;
        grammar.edit({{"op", "service.edit"}, {"name", name}, {"keys", keys_of(*words)}},
                     fmt::format("service {} is edited", name), true);
      });
  command->add_option("NAME", words->name, "The service")->required();
  add_edit_option(*command, {"addresses", "All of them: an address or a prefix, several times", KeyForm::list},
                  words->keys);
  command->add_option_function<std::string>(
      "--port", [words](const std::string& text) { words->keys["port"] = must(port_form(text)); },
      "1 to 65535, a range such as 8000-8100, or any");
  for (const KeyOption& option : service_key_options) add_edit_option(*command, option, words->keys);
  add_unset(*command, *words);
}

void add_pool_edit(Grammar& grammar, CLI::App& pool) {
  auto words = std::make_shared<EditWords>();
  CLI::App* command =
      grammar.add_change(pool, "edit", "Change some keys of a pool", pool_edit_example, [&grammar, words] {
        const std::string& name = words->name;
        grammar.edit({{"op", "pool.edit"}, {"name", name}, {"keys", keys_of(*words)}},
                     fmt::format("pool {} is edited", name), true);
      });
  command->add_option("POOL", words->name, "The pool; a service's own has the service's name")->required();
  for (const KeyOption& option : service_key_options) {
    if (is_key_of_pool(option.key)) add_edit_option(*command, option, words->keys);
  }
  add_unset(*command, *words);
}

void add_backend_edit(Grammar& grammar, CLI::App& backend) {
  auto words = std::make_shared<EditWords>();
  CLI::App* command =
      grammar.add_change(backend, "edit", "Change some keys of a backend", backend_edit_example, [&grammar, words] {
        const auto target = must(backend_name_form(words->backend));
        grammar.edit({{"op", "backend.edit"}, {"pool", target.pool}, {"name", target.name}, {"keys", keys_of(*words)}},
                     fmt::format("backend {} of pool {} is edited", target.name, target.pool), true);
      });
  command->add_option("BACKEND", words->backend, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
  add_edit_option(*command, {"address", "Another address; its name stays", KeyForm::text}, words->keys);
  for (const KeyOption& option : backend_key_options) {
    if (std::string_view(option.key) != "name") add_edit_option(*command, option, words->keys);
  }
  add_unset(*command, *words);
}

}  // namespace guideway
