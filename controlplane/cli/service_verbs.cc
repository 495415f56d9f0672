// SPDX-License-Identifier: Apache-2.0
// `service list|show|add|remove`.
#include <memory>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* service_example = "Examples:\n  guideway service list\n  guideway service add --help";
constexpr const char* service_list_example = "Examples:\n  guideway service list\n  guideway service list --json";
constexpr const char* service_show_example = "Examples:\n  guideway service show web";
constexpr const char* service_add_example =
    "A backend is ADDRESS[:CHECKPORT] and any of ,name= ,weight= ,mac= ,vlan= ,port= ,forward= ,gue_variant= "
    ",gue_port= "
    ",gre_key= ,mss_clamp= ,state=\n"
    "A check is tcp, http:/path, redis, memcached, smtp or none and any of ,interval= ,timeout= ,rise= ,fall= ,port= "
    ",status= ,host= "
    ",jitter_percent= ; --check may be given several times, and --checks tells whether all or any must pass\n\n"
    "Examples:\n"
    "  guideway service add web --address 192.0.2.10 --address 2001:db8::10 --port 80 \\\n"
    "      --backend 10.0.0.1 --backend 10.0.0.2,weight=5 --check http:/healthz,interval=1s\n"
    "  guideway service add dns --address 192.0.2.53 --port 53 --protocol udp --backend 10.0.0.53\n"
    "  guideway service add web-tls --address 192.0.2.10 --port 443 --pool web\n"
    "  guideway service add games --address 198.18.0.0/24 --port 8000-8100 --protocol tcp+udp --scheduler source \\\n"
    "      --forward gue --check tcp,port=8000 --backend 10.0.1.1 --deny 203.0.113.0/24 --when-none reject";
constexpr const char* service_remove_example =
    "Refused while the service has enabled backends, unless forced.\n\n"
    "Examples:\n  guideway service remove web\n  guideway service remove web --force";

using nlohmann::json;

struct ServiceWords {
  std::string name;
  std::vector<std::string> addresses;
  std::vector<std::string> backends;
  json keys = json::object();
  bool force = false;
};

void add_service_looks(Grammar& grammar, CLI::App& service) {
  grammar.add(service, "list", "All services, with their backends and traffic", service_list_example, [&grammar] {
    grammar.show([](Session& session) { return session.ask("/v1/services", services_text); });
  });
  auto name = std::make_shared<std::string>();
  CLI::App* show =
      grammar.add(service, "show", "One service with its backends", service_show_example, [&grammar, name] {
        grammar.show(
            [name](Session& session) { return session.ask("/v1/services/" + percent_encoded(*name), service_text); });
      });
  show->add_option("NAME", *name, "The service")->required();
}

json document_of(const ServiceWords& words) {
  json keys = words.keys;
  keys["name"] = words.name;
  keys["addresses"] = words.addresses;
  for (const std::string& backend : words.backends) keys["backends"].push_back(must(backend_form(backend)));
  // Neither backends nor a pool: a service that is filled later, by `backend add`.
  if (!keys.contains("backends") && !keys.contains("pool")) keys["backends"] = json::array();
  return keys;
}

void add_service_add(Grammar& grammar, CLI::App& service) {
  auto words = std::make_shared<ServiceWords>();
  CLI::App* command = grammar.add_change(service, "add", "Add a service", service_add_example, [&grammar, words] {
    grammar.edit({{"op", "service.add"}, {"service", document_of(*words)}},
                 fmt::format("service {} is added", words->name));
  });
  command->add_option("NAME", words->name, "Its name")->required();
  command->add_option("--address", words->addresses, "An address or a prefix; may be given several times")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--backend", words->backends, "A backend (see below); may be given several times")
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--port", [words](const std::string& text) { words->keys["port"] = must(port_form(text)); },
          "1 to 65535, a range such as 8000-8100, or any")
      ->required();
  for (const KeyOption& option : service_key_options) add_key_option(*command, option, words->keys);
}

void add_service_remove(Grammar& grammar, CLI::App& service) {
  auto words = std::make_shared<ServiceWords>();
  CLI::App* remove =
      grammar.add_change(service, "remove", "Remove a service", service_remove_example, [&grammar, words] {
        grammar.edit({{"op", "service.remove"}, {"name", words->name}, {"force", words->force}},
                     fmt::format("service {} is removed", words->name));
      });
  remove->add_option("NAME", words->name, "The service")->required();
  remove->add_flag("--force", words->force, "Also if flows are cut off");
}

}  // namespace

void add_service_verbs(Grammar& grammar) {
  CLI::App* service =
      grammar.add(grammar.app(), "service", "Services: virtual addresses and who serves them", service_example);
  add_service_looks(grammar, *service);
  add_service_add(grammar, *service);
  add_service_edit(grammar, *service);
  add_service_remove(grammar, *service);
  add_service_states(grammar, *service);
}

}  // namespace guideway
