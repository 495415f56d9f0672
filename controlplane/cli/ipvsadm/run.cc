// SPDX-License-Identifier: Apache-2.0
#include "controlplane/cli/ipvsadm/run.hh"

#include <chrono>
#include <istream>
#include <ostream>
#include <sstream>
#include <thread>

#include <fmt/core.h>

#include "controlplane/cli/api_client.hh"
#include "controlplane/cli/field.hh"
#include "controlplane/cli/invocation.hh"
#include "controlplane/cli/ipvsadm/help.hh"
#include "controlplane/cli/ipvsadm/listing.hh"
#include "controlplane/cli/ipvsadm/save.hh"
#include "controlplane/cli/render.hh"

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

// How long --rate counts.
constexpr std::chrono::milliseconds rate_period{1000};

// Why it ended: an exit status and a sentence.
struct Refusal {
  int status = exit_refused;
  std::string sentence;
};
template <typename T>
using Outcome = tl::expected<T, Refusal>;

class Runner {
 public:
  Runner(const ApiAddress& api, std::istream& input)
      : client_(api), zero_file_(api.is_tls() ? "" : api.where + ".ipvsadm-zero"), input_(input) {}

  Outcome<std::string> operator()(const Help& /*help*/) { return std::string(help_text); }
  Outcome<std::string> operator()(const Version& /*version*/) {
    return fmt::format("guideway ipvsadm v{} (words of ipvsadm v1.31)\n", GUIDEWAY_VERSION);
  }

  Outcome<std::string> operator()(const Change& change) {
    auto table = look();
    if (!table) return tl::unexpected(table.error());
    if (auto applied = table->apply(change); !applied) return refuse(applied.error().message);
    return send(*table);
  }

  // Every line is a command; all of them are done, or none.
  Outcome<std::string> operator()(const Restore& restore) {
    auto table = look();
    if (!table) return tl::unexpected(table.error());
    if (restore.clears) {
      if (auto cleared = table->apply(Clear{}); !cleared) return refuse(cleared.error().message);
    }
    std::string line;
    for (std::size_t number = 1; std::getline(input_, line); ++number) {
      const auto refuse_line = [&](const std::string& sentence, int status) {
        return tl::unexpected(Refusal{status, fmt::format("line {}: {}; nothing was changed", number, sentence)});
      };
      std::istringstream stream(line);
      std::vector<std::string> words;
      for (std::string word; stream >> word;) words.push_back(word);
      if (words.empty() || words.front().front() == '#') continue;
      if (words.front() == "ipvsadm") words.erase(words.begin());
      const auto request = read_request(words);
      if (!request) return refuse_line(request.error().message, exit_usage);
      const auto* change = std::get_if<Change>(&*request);
      if (change == nullptr)
        return refuse_line("this command changes nothing; only those that do are restored", exit_usage);
      if (auto applied = table->apply(*change); !applied) return refuse_line(applied.error().message, exit_refused);
    }
    return send(*table);
  }

  Outcome<std::string> operator()(const Save& save) {
    const auto table = look();
    if (!table) return tl::unexpected(table.error());
    return done(save_text(*table, save.is_numeric));
  }

  Outcome<std::string> operator()(const List& list) {
    const auto table = look();
    if (!table) return tl::unexpected(table.error());
    auto counters = count();
    if (!counters) return tl::unexpected(counters.error());
    if (list.columns == Columns::rates) {
      const auto began = std::chrono::steady_clock::now();
      std::this_thread::sleep_for(rate_period);
      const auto later = count();
      if (!later) return tl::unexpected(later.error());
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
      *counters = later->since(*counters).per_second(seconds.count());
    } else if (list.columns == Columns::statistics) {
      const auto zero = zero_file_.empty() ? Counters() : Counters::load(zero_file_);
      if (!zero) return refuse(zero.error().message);
      *counters = counters->since(*zero);
    }
    return done(list_text(*table, *counters, list));
  }

  Outcome<std::string> operator()(const Zero& zero) {
    if (zero_file_.empty()) return refuse("where counting began is kept beside guidewayd's socket; name that in --api");
    const auto table = look();
    if (!table) return tl::unexpected(table.error());
    const auto now = count();
    if (!now) return tl::unexpected(now.error());
    Counters taken = *now;
    if (zero.only) {
      const auto line = table->find(*zero.only);
      if (!line) return refuse(line.error().message);
      auto loaded = Counters::load(zero_file_);
      if (!loaded) return refuse(loaded.error().message);
      taken = std::move(*loaded);
      taken.zero(*now, line->service, text_field(table->pool_of(line->service), "name"));
    }
    if (auto stored = taken.store(zero_file_); !stored) return refuse(stored.error().message);
    return std::string();
  }

 private:
  static tl::unexpected<Refusal> refuse(std::string sentence) {
    return tl::unexpected(Refusal{exit_refused, std::move(sentence)});
  }

  static Outcome<std::string> done(Result<std::string> result) {
    if (!result) return refuse(std::move(result.error().message));
    return std::move(*result);
  }

  Outcome<json> answer(const tl::expected<ApiReply, ApiFailure>& reply) {
    if (!reply)
      return tl::unexpected(
          Refusal{reply.error().unreachable ? exit_unreachable : exit_refused, reply.error().message});
    if (reply->status >= 200 && reply->status < 300) return reply->body;
    std::string sentence = error_text(reply->body, reply->status);
    while (!sentence.empty() && sentence.back() == '\n') sentence.pop_back();
    return refuse(std::move(sentence));
  }

  Outcome<VirtualTable> look() {
    const auto config = answer(client_.get("/v1/config"));
    if (!config) return tl::unexpected(config.error());
    return VirtualTable(*config);
  }

  Outcome<Counters> count() {
    const auto services = answer(client_.get("/v1/services"));
    if (!services) return tl::unexpected(services.error());
    const auto backends = answer(client_.get("/v1/backends"));
    if (!backends) return tl::unexpected(backends.error());
    const auto status = answer(client_.get("/v1/status"));
    if (!status) return tl::unexpected(status.error());
    return Counters(*services, *backends, object_field(*status, "datapath"));
  }

  Outcome<std::string> send(const VirtualTable& table) {
    const auto edits = table.edits();
    if (!edits) return refuse(edits.error().message);
    if (edits->empty()) return std::string();
    const auto sent = answer(client_.post("/v1/edits", {{"edits", *edits}}));
    if (!sent) return tl::unexpected(sent.error());
    return std::string();
  }

  ApiClient client_;
  std::string zero_file_;
  std::istream& input_;
};

}  // namespace

int run(const std::vector<std::string>& words, const ApiAddress& api, std::istream& input, std::ostream& output,
        std::ostream& error) {
  const auto request = read_request(words);
  if (!request) {
    error << "ipvsadm: " << request.error().message << " (try -h)\n";
    return exit_usage;
  }
  const auto outcome = std::visit(Runner(api, input), *request);
  if (!outcome) {
    error << "ipvsadm: " << outcome.error().sentence << "\n";
    return outcome.error().status;
  }
  output << *outcome;
  return exit_ok;
}

}  // namespace guideway::ipvsadm
