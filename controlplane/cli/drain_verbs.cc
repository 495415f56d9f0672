// SPDX-License-Identifier: Apache-2.0
// The operator's word about a backend, a whole service or a whole host: drain, maint (disable), enable.
#include <chrono>
#include <memory>
#include <ostream>
#include <thread>

#include <fmt/core.h>

#include "controlplane/cli/drain_progress.hh"
#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/render.hh"
#include "controlplane/cli/verbs.hh"
#include "controlplane/config/duration.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* drain_example =
    "Established flows stay, no new ones come. After --timeout it is disabled (or removed, with --then removed): "
    "flows\n"
    "that are left are chosen again then, and the servers that get them reset them. --wait shows what is left each\n"
    "second, until nothing is remembered and no packet came for --quiet. A flow that is silent for longer than that "
    "is\n"
    "not seen: with direct server return nobody but the backend itself can count all of its flows.\n\n"
    "Examples:\n"
    "  guideway backend drain web 10.0.0.2\n"
    "  guideway backend drain web/10.0.0.2 --timeout 10m --wait\n"
    "  guideway service drain web --timeout 1h --then removed\n"
    "  guideway host drain 10.0.0.2 --wait";
constexpr const char* maint_example =
    "As if it were down: its flows are chosen again at once. To let them end, drain instead.\n\n"
    "Examples:\n  guideway backend maint web 10.0.0.2\n  guideway host maint 10.0.0.2";
constexpr const char* enable_example =
    "It has flows again as soon as its checks pass. Ends a drain, and a hold for flapping if it was not enabled.\n\n"
    "Examples:\n  guideway backend enable web 10.0.0.2\n  guideway host enable 10.0.0.2";
constexpr const char* host_example =
    "A host is an address: all backends that have it, in whatever pool, in one change.\n\n"
    "Examples:\n  guideway host drain 10.0.0.2 --timeout 10m --wait\n  guideway host enable 10.0.0.2";

// What a state is said of.
struct Noun {
  const char* name;
  const char* op;
  const char* key;  // of its name in the edit
  const char* what;
};
constexpr Noun service_noun{"service", "service.state", "name", "SERVICE"};
constexpr Noun host_noun{"host", "host.state", "address", "ADDRESS"};

struct DrainWords {
  std::vector<std::string> subject;
  std::string timeout;
  std::string then;
  std::string quiet = "30s";
  bool wait = false;
};

struct Subject {
  json edit;
  std::string text;
  DrainSelector selector;
};

Subject subject_of(const Noun* noun, const std::vector<std::string>& words) {
  if (noun == nullptr) {
    const auto target = must(backend_name_form(words));
    return {{{"op", "backend.state"}, {"pool", target.pool}, {"name", target.name}},
            fmt::format("backend {} of pool {}", target.name, target.pool),
            {target.pool, target.name, ""}};
  }
  const std::string& name = words.front();
  return {{{"op", noun->op}, {noun->key, name}},
          fmt::format("{} {}", noun->name, name),
          {"", "", noun == &host_noun ? name : ""}};
}

std::uint32_t duration(const std::string& text, const char* option) {
  const auto value = parse_duration_ms(text);
  if (!value || *value == 0) refuse(fmt::format("{}: {} is not a duration; give one such as 10m", option, text));
  return *value;
}

// The pool that a service has, so that only its backends are waited for.
int find_pool(Session& session, const std::string& service, std::string& pool) {
  const auto reply = session.client().get("/v1/services/" + percent_encoded(service));
  if (!reply || reply->status != 200) return session.finish(reply, [](const json&) { return std::string(); });
  pool = reply->body.value("pool", "");
  return exit_ok;
}

int wait_for(Session& session, const DrainSelector& selector, std::int64_t quiet_ms) {
  std::vector<std::string> names;
  std::string said;
  for (;;) {
    const auto reply = session.client().get("/v1/backends");
    if (!reply || reply->status != 200) return session.finish(reply, backends_text);
    if (names.empty()) names = draining_names(reply->body, selector);
    const DrainProgress progress = drain_progress(reply->body, names, quiet_ms);
    if (progress.text != said) session.output() << progress.text << std::flush;
    said = progress.text;
    if (progress.under_way == 0) {
      if (progress.interrupted == 0) return exit_ok;
      session.error() << "guideway: not everything drained to the end\n";
      return exit_refused;
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

int drain(Session& session, const Subject& subject, const DrainWords& words, std::uint32_t quiet_ms) {
  const int status = session.change("/v1/edits", {{"edits", {subject.edit}}}, [&](const json& answer) {
    return fmt::format("{} gets no new flows\n", subject.text) + warnings_text(answer);
  });
  if (status != exit_ok || !words.wait) return status;
  DrainSelector selector = subject.selector;
  if (subject.edit["op"] == service_noun.op) {
    const int found = find_pool(session, subject.edit["name"].get<std::string>(), selector.pool);
    if (found != exit_ok) return found;
  }
  return wait_for(session, selector, quiet_ms);
}

CLI::App* add_subject(CLI::App* command, const Noun* noun, DrainWords& words) {
  if (noun == nullptr) {
    command->add_option("BACKEND", words.subject, "POOL NAME or POOL/NAME")->required()->expected(1, 2);
  } else {
    command->add_option(noun->what, words.subject, "Its name, or address")->required()->expected(1);
  }
  return command;
}

void add_drain(Grammar& grammar, CLI::App& parent, const Noun* noun) {
  auto words = std::make_shared<DrainWords>();
  CLI::App* command =
      grammar.add_change(parent, "drain", "Give it no new flows", drain_example, [&grammar, words, noun] {
        Subject subject = subject_of(noun, words->subject);
        subject.edit["state"] = "draining";
        if (!words->timeout.empty()) {
          subject.edit["timeout_ms"] = duration(words->timeout, "--timeout");
          subject.edit["then"] = words->then.empty() ? "disabled" : words->then;
        } else if (!words->then.empty()) {
          refuse("--then needs a --timeout");
        }
        const std::uint32_t quiet_ms = duration(words->quiet, "--quiet");
        if (!words->wait || grammar.invocation().dry_run)
          return grammar.edit(subject.edit, fmt::format("{} gets no new flows", subject.text));
        grammar.run([subject, words, quiet_ms](Session& session) { return drain(session, subject, *words, quiet_ms); });
      });
  add_subject(command, noun, *words);
  command->add_option("--timeout", words->timeout, "When it is over whatever is left, such as 10m; default: never");
  command->add_option("--then", words->then, "What happens then: disabled (default) or removed")
      ->check(CLI::IsMember({"disabled", "removed"}));
  command->add_flag("--wait", words->wait, "Show what is left until nothing is");
  command->add_option("--quiet", words->quiet, "With --wait: so long without a packet is nothing left")
      ->capture_default_str();
}

struct StateVerb {
  const char* name;
  const char* what;
  const char* example;
  const char* state;
  const char* done;
};
constexpr StateVerb enable{"enable", "Give it flows again", enable_example, "enabled", "is enabled"};
constexpr StateVerb maint{"maint", "Take it out at once", maint_example, "disabled", "is out for maintenance"};
constexpr StateVerb disable{"disable", "The same as maint", maint_example, "disabled", "is disabled"};

void add_state(Grammar& grammar, CLI::App& parent, const Noun* noun, const StateVerb& verb) {
  auto words = std::make_shared<DrainWords>();
  CLI::App* command = grammar.add_change(parent, verb.name, verb.what, verb.example, [&grammar, words, noun, verb] {
    Subject subject = subject_of(noun, words->subject);
    subject.edit["state"] = verb.state;
    grammar.edit(subject.edit, fmt::format("{} {}", subject.text, verb.done));
  });
  add_subject(command, noun, *words);
}

void add_words(Grammar& grammar, CLI::App& parent, const Noun* noun) {
  add_drain(grammar, parent, noun);
  add_state(grammar, parent, noun, enable);
  add_state(grammar, parent, noun, maint);
}

}  // namespace

void add_backend_states(Grammar& grammar, CLI::App& backend) {
  add_words(grammar, backend, nullptr);
  add_state(grammar, backend, nullptr, disable);
}

void add_service_states(Grammar& grammar, CLI::App& service) { add_words(grammar, service, &service_noun); }

void add_host_verbs(Grammar& grammar) {
  CLI::App* host = grammar.add(grammar.app(), "host", "Hosts: all backends with an address", host_example);
  add_words(grammar, *host, &host_noun);
}

}  // namespace guideway
