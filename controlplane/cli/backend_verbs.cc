// SPDX-License-Identifier: Apache-2.0
// `backend list|show|add|remove|weight`; the operator's word about a backend is in drain_verbs.cc.
#include <memory>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* backend_example =
    "A backend is named POOL NAME or POOL/NAME; a service that lists its backends has a pool of its own name, and a\n"
    "backend that was given no name is named by its address.\n\n"
    "Examples:\n  guideway backend list\n  guideway backend drain web 10.0.0.2";
constexpr const char* backend_list_example = "Examples:\n  guideway backend list\n  guideway backend list web --json";
constexpr const char* backend_show_example =
    "Its state layer by layer, the way to it, each of its checks, and whom it serves now.\n\n"
    "Examples:\n  guideway backend show web 10.0.0.2\n  guideway backend show web/10.0.0.2 --watch";
constexpr const char* backend_add_example =
    "What is not given, the pool says. --check may be given several times; --checks tells whether all or any must "
    "pass.\n\n"
    "Examples:\n"
    "  guideway backend add web 10.0.0.3\n"
    "  guideway backend add web 10.0.0.4:8080 --name web-4 --weight 5 --check http:/ready\n"
    "  guideway backend add web 10.1.0.5 --forward gre --gre-key 7 --mss-clamp";
constexpr const char* backend_remove_example =
    "Drains first: established flows stay until they end. With --force they are chosen again at once.\n\n"
    "Examples:\n  guideway backend remove web 10.0.0.2\n  guideway backend remove web/10.0.0.2 --force";
constexpr const char* backend_weight_example =
    "From 0 to 65535. No flow of another backend moves.\n\n"
    "Examples:\n  guideway backend weight web 10.0.0.2 5\n  guideway backend weight web/10.0.0.2 5";

using nlohmann::json;

struct BackendWords {
  std::vector<std::string> backend;  // POOL NAME or POOL/NAME, and what follows
  std::string pool;
  std::string address;
  json keys = json::object();
  bool force = false;
};

void add_backend_list(Grammar& grammar, CLI::App& backend) {
  auto pool = std::make_shared<std::string>();
  CLI::App* list =
      grammar.add(backend, "list", "Backends with their state and traffic", backend_list_example, [&grammar, pool] {
        grammar.show([pool](Session& session) {
          return session.ask(pool->empty() ? "/v1/backends" : "/v1/backends?pool=" + percent_encoded(*pool),
                             backends_text);
        });
      });
  list->add_option("POOL", *pool, "Only those of this pool");
}

void add_backend_show(Grammar& grammar, CLI::App& backend) {
  auto words = std::make_shared<BackendWords>();
  CLI::App* show =
      grammar.add(backend, "show", "One backend, and why it is as it is", backend_show_example, [&grammar, words] {
        const auto target = must(backend_name_form(words->backend));
        grammar.show([target](Session& session) {
          return session.ask("/v1/backends/" + percent_encoded(target.pool) + "/" + percent_encoded(target.name),
                             backend_text);
        });
      });
  show->add_option("BACKEND", words->backend, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
}

void add_backend_add(Grammar& grammar, CLI::App& backend) {
  auto words = std::make_shared<BackendWords>();
  CLI::App* command =
      grammar.add_change(backend, "add", "Add a backend to a pool", backend_add_example, [&grammar, words] {
        json document = must(backend_form(words->address));
        for (const auto& [key, value] : words->keys.items()) document[key] = value;
        grammar.edit({{"op", "backend.add"}, {"pool", words->pool}, {"backend", document}},
                     fmt::format("backend {} is added to pool {}",
                                 words->keys.value("name", document.value("address", "")), words->pool));
      });
  command->add_option("POOL", words->pool, "The pool; a service's own has the service's name")->required();
  command->add_option("ADDRESS", words->address, "ADDRESS or ADDRESS:CHECKPORT")->required();
  for (const KeyOption& option : backend_key_options) add_key_option(*command, option, words->keys);
}

void add_backend_remove(Grammar& grammar, CLI::App& backend) {
  auto words = std::make_shared<BackendWords>();
  CLI::App* remove =
      grammar.add_change(backend, "remove", "Remove a backend", backend_remove_example, [&grammar, words] {
        const auto target = must(backend_name_form(words->backend));
        grammar.edit({{"op", "backend.remove"}, {"pool", target.pool}, {"name", target.name}, {"force", words->force}},
                     fmt::format("backend {} of pool {} {}", target.name, target.pool,
                                 words->force ? "is removed" : "leaves once its flows have ended"));
      });
  remove->add_option("BACKEND", words->backend, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
  remove->add_flag("--force", words->force, "At once, without draining");
}

void add_backend_weight(Grammar& grammar, CLI::App& backend) {
  auto words = std::make_shared<BackendWords>();
  CLI::App* weight = grammar.add_change(
      backend, "weight", "Change a backend's part of the flows", backend_weight_example, [&grammar, words] {
        const std::uint32_t value = must(number_form(words->backend.back(), "a weight"));
        words->backend.pop_back();
        const auto target = must(backend_name_form(words->backend));
        grammar.edit({{"op", "backend.weight"}, {"pool", target.pool}, {"name", target.name}, {"weight", value}},
                     fmt::format("backend {} of pool {} has weight {}", target.name, target.pool, value));
      });
  weight->add_option("BACKEND WEIGHT", words->backend, "POOL NAME or POOL/NAME, and the weight")
      ->required()
      ->expected(2, 3);
}

}  // namespace

void add_backend_verbs(Grammar& grammar) {
  CLI::App* backend = grammar.add(grammar.app(), "backend", "Backends: the servers of a pool", backend_example);
  add_backend_list(grammar, *backend);
  add_backend_show(grammar, *backend);
  add_backend_add(grammar, *backend);
  add_backend_edit(grammar, *backend);
  add_backend_remove(grammar, *backend);
  add_backend_states(grammar, *backend);
  add_backend_weight(grammar, *backend);
}

}  // namespace guideway
