// SPDX-License-Identifier: Apache-2.0
// `events`.
#include <chrono>
#include <memory>
#include <ostream>

#include <fmt/core.h>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/moment.hh"
#include "controlplane/cli/screen.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

using nlohmann::json;

constexpr const char* events_example =
    "What guidewayd remembers, oldest first: changes of state with their reasons, edits with who made them, the\n"
    "datapath, snapshots. Times are UTC. --follow ends with Ctrl-C.\n\n"
    "Examples:\n"
    "  guideway events\n"
    "  guideway events --since 10m --service web\n"
    "  guideway events --follow --json | jq 'select(.kind == \"backend\")'";

struct EventsWords {
  bool follow = false;
  std::string since;
  std::string service;
  std::uint32_t lines = 100;
  bool has_lines = false;
};

std::string event_text(const json& event) {
  return fmt::format("{} {:<9} {}\n", moment_text(static_cast<std::int64_t>(count_field(event, "time_ms"))),
                     text_field(event, "kind"), text_field(event, "text"));
}

std::string events_text(const json& answer) {
  std::string result;
  for (const json& event : list_field(answer, "events")) result += event_text(event);
  return result.empty() ? "Nothing has happened.\n" : result;
}

std::int64_t now_ms() {
  using std::chrono::milliseconds;
  return std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// --since asks for all that happened since, up to what the daemon remembers.
std::string events_target(const EventsWords& words) {
  std::string target = fmt::format("/v1/events?follow={}", words.follow ? 1 : 0);
  if (!words.since.empty()) target += fmt::format("&since_ms={}", must(moment_form(words.since, now_ms())));
  if (!words.service.empty()) target += "&service=" + percent_encoded(words.service);
  return target + fmt::format("&limit={}", words.since.empty() || words.has_lines ? words.lines : 10000);
}

int follow(Session& session, const std::string& target) {
  end_when_interrupted();
  const auto reply = session.client().follow(target, [&](const std::string& line) {
    const json event = json::parse(line, nullptr, false);
    session.output() << (session.wants_json() || event.is_discarded() ? line + "\n" : event_text(event)) << std::flush;
  });
  if (reply && reply->status == 200) return exit_ok;
  return session.finish(reply, events_text);
}

}  // namespace

void add_events_verb(Grammar& grammar) {
  auto words = std::make_shared<EventsWords>();
  CLI::App* command = grammar.add(grammar.app(), "events", "What happened, and why", events_example, [&grammar, words] {
    if (words->follow && grammar.invocation().watch_s != 0) refuse("--follow goes on by itself; leave --watch out");
    const std::string target = events_target(*words);
    if (words->follow)
      grammar.run([target](Session& session) { return follow(session, target); });
    else
      grammar.show([target](Session& session) { return session.ask(target, events_text); });
  });
  command->add_flag("-f,--follow", words->follow, "And what happens from now on");
  command->add_option("--since", words->since, "10m (ago), 2026-11-28 or 2026-11-28T06:00:00Z");
  command->add_option("--service", words->service, "Only about this service and its backends");
  command->add_option_function<std::string>(
      "--lines",
      [words](const std::string& text) {
        words->lines = must(number_form(text, "a number of lines"));
        words->has_lines = true;
      },
      "The newest only; default: 100, all with --since");
}

}  // namespace guideway
