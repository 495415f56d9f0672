// SPDX-License-Identifier: Apache-2.0
// The command line as CLI11 sees it; the only file that meets CLI11 and its exceptions.
#include <algorithm>
#include <functional>
#include <sstream>

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/examples.hh"
#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/key_options.hh"
#include "dataplane/net/address.hh"

namespace guideway {
namespace {

using nlohmann::json;

// A mistake that CLI11 cannot see, as an error of its kind.
[[noreturn]] void refuse(const std::string& message) { throw CLI::ValidationError(message); }

template <typename T>
T must(const Result<T>& result) {
  if (!result) refuse(result.error().message);
  return *result;
}

class Grammar {
 public:
  Grammar() : app_("Guideway: packets for a service address, spread over backends", "guideway") {
    app_.set_version_flag("--version", GUIDEWAY_VERSION);
    app_.add_option("--api", invocation_.api, "The socket of guidewayd")
        ->envname("GUIDEWAY_API")
        ->capture_default_str();
    app_.add_flag("--json", invocation_.json, "Print JSON, for programs");
    app_.footer(examples::top);
    app_.require_subcommand(1);
    app_.fallthrough();
    add(&app_, "status", "Whether all is well", examples::status, [this] { invocation_.command = StatusCommand{}; });
    add_service();
    add_backend();
    add_config();
    add_explain();
    add_stats();
    add_replay();
  }

  ParsedCommandLine parse(std::vector<std::string> arguments) {
    ParsedCommandLine parsed;
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the end
    try {
      app_.parse(std::move(arguments));
      parsed.invocation = invocation_;
    } catch (const CLI::Error& error) {
      std::ostringstream output;
      std::ostringstream ignored;
      const bool is_help = app_.exit(error, output, ignored) == 0;
      parsed.otherwise = {is_help ? exit_ok : exit_usage, output.str(),
                          is_help ? "" : fmt::format("{} (try --help)", complaint(error))};
    }
    return parsed;
  }

 private:
  // CLI11's messages as the rest of the program writes them: one line, no full stop.
  static std::string sentence(std::string text) {
    for (char& c : text) c = c == '\n' ? ' ' : c;
    return text;
  }

  // CLI11 calls a command it does not know a missing one.
  std::string complaint(const CLI::Error& error) const {
    if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) return sentence(error.what());
    const CLI::App* at = &app_;
    while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
    std::string known;
    for (const CLI::App* command : at->get_subcommands([](const CLI::App*) { return true; }))
      known += (known.empty() ? "" : ", ") + command->get_name();
    if (known.empty()) return sentence(error.what());
    const auto unknown = app_.remaining(true);
    return unknown.empty() ? fmt::format("a command is missing; give one of {}", known)
                           : fmt::format("\"{}\" is not a command; give one of {}", unknown.front(), known);
  }

  CLI::App* add(CLI::App* parent, const std::string& name, const std::string& what, const char* example,
                std::function<void()> done) {
    CLI::App* command = parent->add_subcommand(name, what);
    command->footer(example);
    if (done)
      command->callback(std::move(done));
    else
      command->require_subcommand(1);
    return command;
  }

  void edit(json document, std::string done) {
    invocation_.command = EditCommand{std::move(document), std::move(done)};
  }

  void add_service();
  void add_service_add(CLI::App* service);
  void add_backend();
  void add_backend_add(CLI::App* backend);
  void add_backend_states(CLI::App* backend);
  void add_config();
  void add_explain();
  void add_stats();
  void add_replay();

  // An option whose value, if given, becomes a key of the edit.
  void key_option(CLI::App* command, const KeyOption& option) {
    std::string name = "--" + std::string(option.key);
    std::replace(name.begin(), name.end(), '_', '-');
    if (option.form == KeyForm::flag) {
      command->add_flag_callback(
          name, [this, option] { keys_[option.key] = true; }, option.what);
    } else if (option.form == KeyForm::list) {
      command
          ->add_option_function<std::vector<std::string>>(
              name, [this, option](const std::vector<std::string>& texts) { keys_[option.key] = texts; }, option.what)
          ->allow_extra_args(false);
    } else {
      command->add_option_function<std::string>(
          name, [this, option](const std::string& text) { keys_[option.key] = value_of(option.form, text); },
          option.what);
    }
  }
  static json value_of(KeyForm form, const std::string& text) {
    if (form == KeyForm::number) return must(number_form(text, "a number"));
    return form == KeyForm::check ? must(check_form(text)) : json(text);
  }
  static json as_port(const std::string& text) { return must(port_form(text)); }
  CLI::App app_;
  Invocation invocation_;
  json keys_ = json::object();  // of the service or backend that is being added
  std::string name_;
  std::string other_;
  std::vector<std::string> words_;
  bool force_ = false;
  bool all_ = false;
  std::vector<std::string> addresses_;
  std::vector<std::string> backends_;
  ExplainCommand explain_;
  ReplayCommand replay_;
};

void Grammar::add_service() {
  CLI::App* service = add(&app_, "service", "Services: virtual addresses and who serves them", examples::service, {});
  add(service, "list", "All services, with their backends and traffic", examples::service_list,
      [this] { invocation_.command = ServiceListCommand{}; });
  CLI::App* show = add(service, "show", "One service with its backends", examples::service_show,
                       [this] { invocation_.command = ServiceShowCommand{name_}; });
  show->add_option("NAME", name_, "The service")->required();
  add_service_add(service);
  CLI::App* remove = add(service, "remove", "Remove a service", examples::service_remove, [this] {
    edit({{"op", "service.remove"}, {"name", name_}, {"force", force_}}, fmt::format("service {} is removed", name_));
  });
  remove->add_option("NAME", name_, "The service")->required();
  remove->add_flag("--force", force_, "Also if flows are cut off");
}

void Grammar::add_service_add(CLI::App* service) {
  CLI::App* command = add(service, "add", "Add a service", examples::service_add, [this] {
    keys_["name"] = name_;
    keys_["addresses"] = addresses_;
    for (const std::string& backend : backends_) keys_["backends"].push_back(must(backend_form(backend)));
    // Neither backends nor a pool: a service that is filled later, by `backend add`.
    if (!keys_.contains("backends") && !keys_.contains("pool")) keys_["backends"] = json::array();
    edit({{"op", "service.add"}, {"service", keys_}}, fmt::format("service {} is added", name_));
  });
  command->add_option("NAME", name_, "Its name")->required();
  command->add_option("--address", addresses_, "An address or a prefix; may be given several times")
      ->required()
      ->allow_extra_args(false);
  command->add_option("--backend", backends_, "A backend (see below); may be given several times")
      ->allow_extra_args(false);
  command
      ->add_option_function<std::string>(
          "--port", [this](const std::string& text) { keys_["port"] = as_port(text); },
          "1 to 65535, a range such as 8000-8100, or any")
      ->required();
  for (const KeyOption& option : service_key_options) key_option(command, option);
}

void Grammar::add_backend() {
  CLI::App* backend = add(&app_, "backend", "Backends: the servers of a pool", examples::backend, {});
  CLI::App* list = add(backend, "list", "Backends with their state and traffic", examples::backend_list,
                       [this] { invocation_.command = BackendListCommand{name_}; });
  list->add_option("POOL", name_, "Only those of this pool");
  add_backend_add(backend);
  CLI::App* remove = add(backend, "remove", "Remove a backend", examples::backend_remove, [this] {
    const auto target = must(backend_name_form(words_));
    edit({{"op", "backend.remove"}, {"pool", target.pool}, {"name", target.name}, {"force", force_}},
         fmt::format("backend {} of pool {} {}", target.name, target.pool,
                     force_ ? "is removed" : "leaves once its flows have ended"));
  });
  remove->add_option("BACKEND", words_, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
  remove->add_flag("--force", force_, "At once, without draining");
  add_backend_states(backend);
  CLI::App* weight = add(backend, "weight", "Change a backend's part of the flows", examples::backend_weight, [this] {
    const std::uint32_t value = must(number_form(words_.back(), "a weight"));
    words_.pop_back();
    const auto target = must(backend_name_form(words_));
    edit({{"op", "backend.weight"}, {"pool", target.pool}, {"name", target.name}, {"weight", value}},
         fmt::format("backend {} of pool {} has weight {}", target.name, target.pool, value));
  });
  weight->add_option("BACKEND WEIGHT", words_, "POOL NAME or POOL/NAME, and the weight")->required()->expected(2, 3);
}

void Grammar::add_backend_add(CLI::App* backend) {
  CLI::App* command = add(backend, "add", "Add a backend to a pool", examples::backend_add, [this] {
    json document = must(backend_form(other_));
    for (const auto& [key, value] : keys_.items()) document[key] = value;
    edit({{"op", "backend.add"}, {"pool", name_}, {"backend", document}},
         fmt::format("backend {} is added to pool {}", keys_.value("name", document.value("address", "")), name_));
  });
  command->add_option("POOL", name_, "The pool; a service's own has the service's name")->required();
  command->add_option("ADDRESS", other_, "ADDRESS or ADDRESS:CHECKPORT")->required();
  for (const KeyOption& option : backend_key_options) key_option(command, option);
}

void Grammar::add_backend_states(CLI::App* backend) {
  const auto add_state = [&](const char* name, const char* what, const char* example, const char* state,
                             const char* done) {
    CLI::App* command = add(backend, name, what, example, [this, state, done] {
      const auto target = must(backend_name_form(words_));
      edit({{"op", "backend.state"}, {"pool", target.pool}, {"name", target.name}, {"state", state}},
           fmt::format("backend {} of pool {} {}", target.name, target.pool, done));
    });
    command->add_option("BACKEND", words_, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
  };
  add_state("drain", "Give a backend no new flows", examples::backend_drain, "draining", "gets no new flows");
  add_state("enable", "Give a backend flows again", examples::backend_enable, "enabled", "is enabled");
  add_state("disable", "Take a backend out at once", examples::backend_disable, "disabled", "is disabled");
}

void Grammar::add_config() {
  CLI::App* config = add(&app_, "config", "The configuration: check, compare, apply", examples::config, {});
  add(config, "show", "What runs, edits included, as JSON", examples::config_show,
      [this] { invocation_.command = ConfigShowCommand{}; });
  CLI::App* check = add(config, "check", "Check a file without applying it", examples::config_check,
                        [this] { invocation_.command = ConfigCheckCommand{name_}; });
  check->add_option("FILE", name_, "The file")->required();
  CLI::App* difference = add(config, "diff", "What applying a file would change", examples::config_diff, [this] {
    invocation_.command = ConfigDiffCommand{name_, other_};
  });
  difference->add_option("FILE", name_, "The file")->required();
  difference->add_option("--from", other_, "Compare with this file instead of what runs");
  CLI::App* apply = add(config, "apply", "Make a file what runs", examples::config_apply,
                        [this] { invocation_.command = ConfigApplyCommand{name_}; });
  apply->add_option("FILE", name_, "The file")->required();
}

void Grammar::add_explain() {
  CLI::App* command = add(&app_, "explain", "Which backend a flow has, and why", examples::explain, [this] {
    for (const std::string& text : {explain_.source, explain_.destination}) {
      const auto endpoint = Endpoint::parse(text);
      if (!endpoint || endpoint->port == 0)
        refuse(fmt::format("\"{}\" is not ADDRESS:PORT; write 192.0.2.1:80 or [2001:db8::1]:80", text));
    }
    invocation_.command = explain_;
  });
  command->add_option("PROTOCOL", explain_.protocol, "tcp or udp")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{"tcp", "udp"}));
  command->add_option("SOURCE", explain_.source, "ADDRESS:PORT of the client")->required();
  command->add_option("DESTINATION", explain_.destination, "ADDRESS:PORT of the service")->required();
}

void Grammar::add_stats() {
  CLI::App* command = add(&app_, "stats", "Where packets went: exits, workers, services, backends", examples::stats,
                          [this] { invocation_.command = StatsCommand{all_}; });
  command->add_flag("--all", all_, "Also counters that are zero");
}

void Grammar::add_replay() {
  CLI::App* command = add(&app_, "replay", "Run a capture through the packet path", examples::replay, [this] {
    replay_.json = invocation_.json;
    invocation_.command = replay_;
  });
  command->add_option("--config", replay_.config, "The configuration")->required();
  command->add_option("--in", replay_.options.in, "The capture to read")->required();
  command->add_option("--out", replay_.options.out, "Where to write what backends get")->required();
  command->add_option("--kernel", replay_.options.kernel, "Where to write what the kernel gets");
  command->add_option("--counters", replay_.options.counters, "Where to write the counters, a line each");
  command->add_option("--decisions", replay_.options.decisions, "Where to write each packet's exit and backend");
  command->add_option("--events", replay_.options.events, "Health changes with their times");
  command->add_option("--datapath", replay_.options.datapath, "What decides")->check(CLI::IsMember({"dpdk", "xdp"}));
}

}  // namespace

ParsedCommandLine parse_command_line(const std::vector<std::string>& arguments) { return Grammar().parse(arguments); }

}  // namespace guideway
