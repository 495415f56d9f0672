// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/agent_answer.hh"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "controlplane/health/printable.hh"
#include "controlplane/health/quoted_beginning.hh"

namespace guideway {
namespace {

constexpr std::size_t reason_max = 200;
constexpr std::array operational_words{std::pair(std::string_view("up"), AgentOperational::up),
                                       std::pair(std::string_view("down"), AgentOperational::down),
                                       std::pair(std::string_view("fail"), AgentOperational::fail),
                                       std::pair(std::string_view("stopped"), AgentOperational::stopped)};
constexpr std::array administrative_words{std::pair(std::string_view("ready"), AgentAdministrative::ready),
                                          std::pair(std::string_view("drain"), AgentAdministrative::drain),
                                          std::pair(std::string_view("maint"), AgentAdministrative::maint)};

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

enum class Taken : std::uint8_t { no, yes, twice };

template <typename Words, typename Value>
Taken take(const Words& words, std::string_view word, std::optional<Value>& into) {
  const auto* found = std::find_if(words.begin(), words.end(), [&](const auto& each) { return each.first == word; });
  if (found == words.end()) return Taken::no;
  if (into && *into != found->second) return Taken::twice;
  into = found->second;
  return Taken::yes;
}

Taken take_word(std::string_view word, AgentAnswer& answer) {
  if (word.back() == '%') {
    const auto percent = number_of(word.substr(0, word.size() - 1));
    if (!percent) return Taken::no;
    if (answer.weight_percent) return Taken::twice;
    answer.weight_percent = std::min(*percent, 100u);
    return Taken::yes;
  }
  constexpr std::string_view ignored = "maxconn:";
  if (word.substr(0, ignored.size()) == ignored && number_of(word.substr(ignored.size()))) return Taken::yes;
  const Taken operational = take(operational_words, word, answer.operational);
  return operational != Taken::no ? operational : take(administrative_words, word, answer.administrative);
}

std::string reason_of(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return "";
  std::string result = printable(text.substr(first), reason_max);
  result.erase(result.find_last_not_of(' ') + 1);
  return result;
}

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
  return std::find_if(words.begin(), words.end(), [&](const auto& each) { return each.second == value; })->first;
}

}  // namespace

Result<AgentAnswer> parse_agent_answer(std::string_view line) {
  constexpr std::string_view between = " \t,";
  AgentAnswer answer;
  bool said = false;
  for (std::size_t at = line.find_first_not_of(between); at < line.size(); at = line.find_first_not_of(between, at)) {
    if (line[at] == '#') {
      answer.reason = reason_of(line.substr(at + 1));
      break;
    }
    const std::string_view word = line.substr(at, std::min(line.find_first_of(" \t,#", at), line.size()) - at);
    const Taken taken = take_word(word, answer);
    if (taken == Taken::no) return failure("the agent said " + quoted_beginning(word) + ", which is none of its words");
    if (taken == Taken::twice) return failure("the agent contradicts itself: " + quoted_beginning(line));
    said = true;
    at += word.size();
  }
  if (!said) return failure("the agent said nothing");
  return answer;
}

AgentReport applied(const AgentAnswer& answer, AgentReport before) {
  if (answer.weight_percent) before.percent = *answer.weight_percent;
  if (answer.operational == AgentOperational::up && before.word == AgentWord::down) before.word = AgentWord::ready;
  const bool was_out = before.word == AgentWord::drain || before.word == AgentWord::maint;
  if (answer.administrative == AgentAdministrative::ready && was_out) before.word = AgentWord::ready;
  if (answer.administrative == AgentAdministrative::drain) before.word = AgentWord::drain;
  if (answer.operational && answer.operational != AgentOperational::up) before.word = AgentWord::down;
  if (answer.administrative == AgentAdministrative::maint) before.word = AgentWord::maint;
  before.reason = answer.reason;
  return before;
}

std::string text_of(const AgentAnswer& answer) {
  std::string text;
  const auto add = [&](std::string_view word) { text += (text.empty() ? "" : " ") + std::string(word); };
  if (answer.weight_percent) add(std::to_string(*answer.weight_percent) + "%");
  if (answer.operational) add(word_of(operational_words, *answer.operational));
  if (answer.administrative) add(word_of(administrative_words, *answer.administrative));
  if (!answer.reason.empty()) add("#" + answer.reason);
  return text;
}

}  // namespace guideway
