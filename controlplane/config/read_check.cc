// SPDX-License-Identifier: Apache-2.0
// The check of a service, a pool or a backend: "tcp", "none", or a table whose keys refine what is inherited; or a list
// of these. Here is where and when it is made; read_question.cc reads what it asks.
#include <fmt/core.h>

#include "controlplane/config/draft.hh"
#include "controlplane/config/keys.hh"
#include "controlplane/config/words.hh"

namespace guideway {
namespace {

void read_timing(TableReader& reader, CheckDraft& draft) {
  CheckConfig& check = draft.config;
  const auto interval_ms = reader.duration_ms("interval", 50, 3'600'000);
  if (interval_ms) check.interval_ms = *interval_ms;
  if (const auto fast_ms = reader.duration_ms("fast_interval", 50, 3'600'000)) {
    check.fast_interval_ms = *fast_ms;
    draft.fast_interval_given = true;
  }
  if (const auto down_ms = reader.duration_ms("down_interval", 50, 3'600'000)) {
    check.down_interval_ms = *down_ms;
    draft.down_interval_given = true;
  }
  if (const auto timeout_ms = reader.duration_ms("timeout", 10, 600'000)) {
    check.timeout_ms = *timeout_ms;
    draft.timeout_given = true;
  }
  if (draft.timeout_given && check.timeout_ms > check.interval_ms) {
    reader.fail(reader.has("timeout") ? "timeout" : "interval",
                fmt::format("the timeout of {} ms is longer than the interval of {} ms; give a timeout up to the "
                            "interval, so that one probe ends before the next begins",
                            check.timeout_ms, check.interval_ms));
  }
  if (const auto rise = reader.integer("rise", 1, 1000, "a number of successes from 1 to 1000")) check.rise = *rise;
  if (const auto fall = reader.integer("fall", 1, 1000, "a number of failures from 1 to 1000")) check.fall = *fall;
  if (const auto jitter = reader.integer("jitter_percent", 0, 50, "a percentage from 0 to 50"))
    check.jitter_percent = *jitter;
}

void read_through(TableReader& reader, CheckConfig& check) {
  const auto through =
      reader.choice<CheckThrough>("through", {{"backend", CheckThrough::backend}, {"service", CheckThrough::service}});
  if (!through) return;
  check.through = *through;
  if (*through == CheckThrough::service && !may_go_through_service(check.kind))
    reader.fail("through",
                fmt::format("a check of type \"{}\" cannot go to a service's address; leave it out", name_of(check)));
}

void read_check_table(TableReader& reader, CheckDraft& draft) {
  read_question(reader, draft.config);
  if (const auto port = reader.integer("port", 0, 65535, "a port from 1 to 65535, or 0 for the service's"))
    draft.config.port = static_cast<std::uint16_t>(*port);
  read_timing(reader, draft);
  read_through(reader, draft.config);
  reader.finish();
}

// One check: a word or a table. `path` names it.
CheckDraft read_one(TableReader& reader, const Tree& value, const std::string& path, CheckDraft draft) {
  draft.given = true;
  Reading& reading = reader.reading();
  const Place place{reader.file(), value.line};
  const std::size_t errors_before = reading.errors.size();
  if (value.kind == Tree::Kind::table) {
    TableReader table(reading, reader.file(), value, path, keys::check);
    read_check_table(table, draft);
  } else if (const auto word = value.kind == Tree::Kind::text ? check_word(value.text) : std::nullopt) {
    draft.config.kind = word->kind;
    draft.config.tls = word->tls;
  } else {
    reading.fail(place, path,
                 fmt::format(R"({} is not a check; give {}, or a table such as {{ http = "/healthz" }})",
                             value.quoted(), check_words_text(true)));
  }
  const std::string missing = missing_in(draft.config);
  const bool is_told = reading.errors.size() > errors_before;  // of a wrong one it is not said that it is missing
  if (!missing.empty() && !is_told) reading.fail(place, path, missing);
  return draft;
}

std::vector<CheckDraft> read_list(TableReader& reader, const Tree& list, const CheckDraft& base) {
  std::vector<CheckDraft> result;
  if (list.items.empty() || list.items.size() > checks_max) {
    reader.fail("check", fmt::format("{} checks are listed; give 1 to {}", list.items.size(), checks_max));
    return {base};
  }
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const Tree& value = list.items[i];
    const std::string path = fmt::format("{}[{}]", reader.path_of("check"), i + 1);
    result.push_back(read_one(reader, value, path, base));
    if (result.back().config.kind == CheckKind::none && list.items.size() > 1)
      reader.reading().fail({reader.file(), value.line}, path, R"("none" is no check beside others; leave it out)");
  }
  return result;
}

}  // namespace

ChecksDraft read_checks(TableReader& reader, const ChecksDraft& inherited) {
  ChecksDraft draft = inherited;
  draft.rule =
      reader.choice<CheckRule>("checks", {{"all", CheckRule::all}, {"any", CheckRule::any}}).value_or(draft.rule);
  const Tree* value = reader.find("check");
  if (value == nullptr) return draft;
  // One check is refined; several are replaced, since nobody could tell which of them is meant.
  const CheckDraft base = inherited.list.size() == 1 ? inherited.list.front() : CheckDraft{};
  if (value->kind == Tree::Kind::list)
    draft.list = read_list(reader, *value, base);
  else
    draft.list = {read_one(reader, *value, reader.path_of("check"), base)};
  return draft;
}

}  // namespace guideway
