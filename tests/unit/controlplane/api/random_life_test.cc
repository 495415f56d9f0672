// SPDX-License-Identifier: Apache-2.0
// The whole control plane through a random life: edits, batches, files, rollbacks, kills between and amid changes,
// datapaths and backends that come and go. A life is its seed; GUIDEWAY_LIVES says how many there are, 2 if nothing
// does. After every step what runs is what a model of a hundred lines says, and what was acknowledged is there after
// every kill.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

using nlohmann::json;

struct Member {
  int weight = 1;
  std::string state = "enabled";
  friend bool operator==(const Member&, const Member&) = default;
};

// What an operator believes.
struct Belief {
  std::map<std::string, Member> members;
  std::map<std::string, std::string> states;  // that edits have given: a file does not take them back
  bool has_extra = false;
  friend bool operator==(const Belief&, const Belief&) = default;
};

const std::vector<std::string> names{"a", "b", "c", "d", "e", "f"};
const std::vector<std::string> states{"enabled", "draining", "disabled"};

int number_of(const std::string& name) { return name.front() - 'a' + 1; }

class RandomLife : public DaemonTest, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    for (const std::string& name : names) listen_as(number_of(name));
  }

  void live(int steps) {
    random_.seed(static_cast<std::uint64_t>(GetParam()));
    write_file();
    belief_.members = file_;
    datapath_ = std::make_unique<FakeDatapath>();
    door_to_it_ = std::make_unique<TestDoor>(door_, *datapath_);
    start();
    note_change();
    for (int step = 0; step < steps && !HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      take_step();
      expect_what_is_believed();
      if (step % 6 == 5) expect_health();
    }
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }
  const std::string& one_of(const std::vector<std::string>& choices) { return choices[below(choices.size())]; }
  [[nodiscard]] bool is_member(const std::string& name) const { return belief_.members.count(name) != 0; }

  void take_step() {
    switch (below(12)) {
      case 0:
        return kill_and_start(SIGKILL);
      case 1:
        return kill_and_start(SIGTERM);
      case 2:
        return kill_amid_an_edit();
      case 3:
        return replace_datapath();
      case 4:
        return toggle_server();
      case 5:
        return apply_file(false);
      case 6:
        return apply_file(true);
      case 7:
        return roll_back();
      case 8:
        return try_a_batch_that_fails();
      default:
        return edit_once();
    }
  }

  // An edit that can be made, and what it changes.
  json next_edit(Belief& after) {
    const std::string name = one_of(names);
    if (below(8) == 0) {
      after.has_extra = !belief_.has_extra;
      if (belief_.has_extra) return {{"op", "service.remove"}, {"name", "extra"}, {"force", true}};
      return {{"op", "service.add"},
              {"service",
               {{"name", "extra"}, {"address", "192.0.2.11"}, {"port", 80}, {"pool", "web"}, {"table_slots", 251}}}};
    }
    if (!is_member(name)) {
      after.members[name] = {static_cast<int>(below(5)) + 1, "enabled"};
      return {{"op", "backend.add"}, {"pool", "web"}, {"backend", backend_json(name, after.members[name].weight)}};
    }
    if (below(3) == 0 && belief_.members.size() > 1) {
      after.members.erase(name);
      after.states.erase(name);
      return {{"op", "backend.remove"}, {"pool", "web"}, {"name", name}, {"force", below(2) == 0}};
    }
    if (below(2) == 0) {
      after.members[name].weight = static_cast<int>(below(9)) + 1;
      return {{"op", "backend.weight"}, {"pool", "web"}, {"name", name}, {"weight", after.members[name].weight}};
    }
    after.states[name] = after.members[name].state = one_of(states);
    return {{"op", "backend.state"}, {"pool", "web"}, {"name", name}, {"state", after.states[name]}};
  }

  [[nodiscard]] json backend_json(const std::string& name, int weight) const {
    return {{"name", name},
            {"address", "127.0.0." + std::to_string(number_of(name))},
            {"port", port_},
            {"mac", "02:00:00:00:00:0" + std::to_string(number_of(name))},
            {"weight", weight}};
  }

  void edit_once() {
    Belief after = belief_;
    const HttpAnswer answer = edit(next_edit(after));
    ASSERT_EQ(answer.status, 200) << answer.text;
    belief_ = after;
    note_change();
  }

  void try_a_batch_that_fails() {
    Belief after = belief_;
    const json edits{
        {"edits", {next_edit(after), {{"op", "backend.weight"}, {"pool", "web"}, {"name", "nobody"}, {"weight", 1}}}}};
    EXPECT_EQ(ask(api_, "POST", "/v1/edits", edits.dump()).status, 422);
  }

  void kill_and_start(int signal) {
    kill(signal);
    start();
  }

  // Nobody was told how it ended: it was made whole, or not at all. If somebody was told, it was made.
  void kill_amid_an_edit() {
    Belief after = belief_;
    const json one = next_edit(after);
    HttpAnswer answer;
    std::thread client([&] { answer = edit(one); });
    std::this_thread::sleep_for(std::chrono::microseconds(below(6000)));
    kill(SIGKILL);
    client.join();
    start();
    const Belief found = what_runs();
    const bool is_made = same_configuration(found, after);
    EXPECT_TRUE(is_made || same_configuration(found, belief_)) << one;
    if (answer.status == 200) {
      EXPECT_TRUE(is_made) << "acknowledged: " << one;
    }
    if (is_made) belief_ = after;
    note_change();
  }

  void write_file() {
    file_.clear();
    while (file_.empty()) {
      for (const std::string& name : names) {
        if (below(2) == 0) file_[name].weight = static_cast<int>(below(5)) + 1;
      }
    }
    std::vector<std::string> lines;
    for (const auto& [name, member] : file_)
      lines.push_back(backend(name, number_of(name), ", weight = " + std::to_string(member.weight)));
    write_config(config_with(lines, "flap_hold = \"0s\""));
  }

  // By the API, or found at a start.
  void apply_file(bool at_start) {
    write_file();
    if (at_start) {
      kill_and_start(SIGKILL);
    } else {
      const HttpAnswer answer = ask(api_, "POST", "/v1/config/apply", json{{"path", config_}}.dump());
      ASSERT_EQ(answer.status, 200) << answer.text;
    }
    belief_.has_extra = false;
    belief_.members = file_;
    std::erase_if(belief_.states, [&](const auto& each) { return file_.count(each.first) == 0; });
    for (const auto& [name, state] : belief_.states) belief_.members[name].state = state;
    note_change();
  }

  void roll_back() {
    auto to = believed_.begin();
    std::advance(to, static_cast<std::ptrdiff_t>(below(believed_.size())));
    const Belief after = to->second;
    const HttpAnswer answer = ask(api_, "POST", "/v1/config/rollback", json{{"id", to->first}}.dump());
    ASSERT_EQ(answer.status, 200) << answer.text;
    belief_ = after;
    note_change();
  }

  void replace_datapath() {
    door_to_it_.reset();
    datapath_ = std::make_unique<FakeDatapath>();
    door_to_it_ = std::make_unique<TestDoor>(door_, *datapath_);
  }

  void toggle_server() {
    const int number = number_of(one_of(names));
    if (listeners_.count(number) != 0)
      stop_listening_as(number);
    else
      listen_as(number);
  }

  // The number of the change that made what runs.
  void note_change() { believed_[get("/v1/config/history")["running"].get<std::uint64_t>()] = belief_; }

  [[nodiscard]] Belief what_runs() const {
    Belief found;
    const json config = get("/v1/config");
    for (const json& service : config["service"]) found.has_extra |= service["name"] == "extra";
    for (const json& one : config["pool"][0]["backends"]) {
      EXPECT_EQ(one["address"], "127.0.0." + std::to_string(number_of(one["name"])));
      found.members[one["name"]] = {one["weight"], one["state"]};
    }
    return found;
  }
  [[nodiscard]] static bool same_configuration(const Belief& a, const Belief& b) {
    return a.members == b.members && a.has_extra == b.has_extra;
  }

  void expect_what_is_believed() {
    EXPECT_TRUE(same_configuration(what_runs(), belief_)) << get("/v1/config")["pool"].dump();
    const std::size_t services = belief_.has_extra ? 2 : 1;
    EXPECT_TRUE(eventually([&] {
      const auto seen = datapath_->seen();
      return !seen.empty() && seen.back().services.size() == services && has_all(seen.back());
    })) << "the datapath has another snapshot";
  }
  [[nodiscard]] bool has_all(const FakeDatapath::Seen& seen) const {
    std::set<int> addresses;
    for (const auto& [index, row] : seen.backends) addresses.insert(row.address[3]);
    return std::all_of(belief_.members.begin(), belief_.members.end(),
                       [&](const auto& each) { return addresses.count(number_of(each.first)) != 0; });
  }

  [[nodiscard]] std::string state_wanted(const std::string& name, const Member& member) const {
    if (member.state == "disabled" || listeners_.count(number_of(name)) == 0) return "down";
    return member.state == "draining" ? "draining" : "up";
  }

  void expect_health() {
    for (const auto& [name, member] : belief_.members) {
      const std::string wanted = state_wanted(name, member);
      EXPECT_TRUE(becomes(name, wanted)) << name << " is not " << wanted << ": " << backend_of(name);
      const json one = backend_of(name);
      const std::uint32_t state = gw_health_state_of(datapath_->health().load(one["index"].get<std::uint32_t>()));
      const std::map<std::string, std::uint32_t> words{
          {"up", GW_HEALTH_UP}, {"draining", GW_HEALTH_DRAINING}, {"down", GW_HEALTH_DOWN}};
      EXPECT_EQ(state, words.at(one["state"])) << "the datapath's word of " << name;
    }
  }

  std::mt19937_64 random_;
  Belief belief_;
  std::map<std::string, Member> file_;
  std::map<std::uint64_t, Belief> believed_;  // after each change, by its number
  std::unique_ptr<FakeDatapath> datapath_;
  std::unique_ptr<TestDoor> door_to_it_;
};

int lives() {
  const char* wanted = std::getenv("GUIDEWAY_LIVES");
  return wanted == nullptr ? 2 : std::atoi(wanted);
}

TEST_P(RandomLife, IsWhatAModelBelieves) { live(60); }
INSTANTIATE_TEST_SUITE_P(Seeds, RandomLife, ::testing::Range(1, 1 + lives()));

}  // namespace
}  // namespace guideway
