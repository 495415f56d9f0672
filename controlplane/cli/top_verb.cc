// SPDX-License-Identifier: Apache-2.0
// `top`.
#include <chrono>
#include <memory>
#include <thread>

#include "controlplane/cli/edit_forms.hh"
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/rates.hh"
#include "controlplane/cli/screen.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr const char* top_example =
    "What a second brings: packets, bytes and new flows of the busiest services and backends, what each worker does,\n"
    "and what is dropped. New flows of services that share a pool cannot be told apart (-). BUSY is the part of its\n"
    "cycles that a worker spends on packets, BURST how many it finds at once, P99 what 99 of 100 bursts take at most\n"
    "from the receive queue to the transmit queue; the datapath in the kernel does not measure them (-). Ends with\n"
    "Ctrl-C.\n\n"
    "Examples:\n  guideway top\n  guideway top --interval 5 --rows 20\n  guideway top --count 1";

struct TopWords {
  double interval_s = 1;
  std::string count;
  std::string rows = "10";
};

int show_rates(Session& session, double interval_s, std::uint32_t count, std::uint32_t rows) {
  Screen screen(session.output());
  end_when_interrupted();
  auto before = session.client().get("/v1/stats");
  auto before_at = Clock::now();
  for (std::uint32_t shown = 0; count == 0 || shown < count; ++shown) {
    if (!before || before->status != 200) return session.finish(before, dumped);
    std::this_thread::sleep_for(std::chrono::duration<double>(interval_s));
    auto now = session.client().get("/v1/stats");
    const auto now_at = Clock::now();
    if (!now || now->status != 200) return session.finish(now, dumped);
    const double seconds = std::chrono::duration<double>(now_at - before_at).count();
    if (!screen.draw(rates_text(before->body, now->body, seconds, rows))) return exit_refused;
    before = std::move(now);
    before_at = now_at;
  }
  return exit_ok;
}

}  // namespace

void add_top_verb(Grammar& grammar) {
  auto words = std::make_shared<TopWords>();
  CLI::App* command =
      grammar.add(grammar.app(), "top", "Who is busy: rates, again and again", top_example, [&grammar, words] {
        if (grammar.invocation().json) refuse("top is for people; programs take the difference of two stats --json");
        if (grammar.invocation().watch_s != 0) refuse("top goes on by itself; leave --watch out, and see --interval");
        const std::uint32_t count = words->count.empty() ? 0 : must(number_form(words->count, "a number of times"));
        const std::uint32_t rows = must(number_form(words->rows, "a number of rows"));
        grammar.run([=](Session& session) { return show_rates(session, words->interval_s, count, rows); });
      });
  command->add_option("--interval", words->interval_s, "Seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--count", words->count, "So many times; default: until Ctrl-C");
  command->add_option("--rows", words->rows, "Of services and of backends")->capture_default_str();
}

}  // namespace guideway
