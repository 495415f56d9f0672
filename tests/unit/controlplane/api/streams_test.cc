// SPDX-License-Identifier: Apache-2.0
// Answers that go on, as the command line shows them: `flows` and `events --follow` against guidewayd as a process.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "ebpf/abi/flow.h"
#include "ebpf/abi/flow_key.h"
#include "tests/unit/controlplane/api/daemon_process.hh"

namespace guideway {
namespace {

using Lines = std::vector<std::string>;

class StreamsTest : public DaemonTest {
 protected:
  void SetUp() override {
    listen_as(1);
    listen_as(2);
  }

  [[nodiscard]] std::string command(const std::string& words) const {
    return std::string(std::getenv("GUIDEWAY_PROGRAM")) + " --api " + api_ + " " + words;
  }
  // What a shell's command prints, by lines, and its exit status behind them.
  [[nodiscard]] static Lines lines_of(const std::string& shell) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen((shell + "; echo $?").c_str(), "r"), ::pclose);
    Lines lines(1);
    for (int c = std::fgetc(pipe.get()); c != EOF; c = std::fgetc(pipe.get())) {
      if (c == '\n')
        lines.emplace_back();
      else
        lines.back() += static_cast<char>(c);
    }
    lines.pop_back();
    return lines;
  }
  // What a command that goes on has printed until `meanwhile` is over and it has had that signal, and its exit status.
  [[nodiscard]] Lines followed(const std::string& words, const std::string& signal,
                               const std::string& meanwhile) const {
    return lines_of(command(words) + " >" + directory_ + "/followed 2>&1 & follower=$!; " + meanwhile + "kill -" +
                    signal + " $follower; wait $follower; status=$?; cat " + directory_ + "/followed; (exit $status)");
  }
  // Waits until it has printed this; not for ever, for then the test shall say what is missing.
  [[nodiscard]] std::string until(const std::string& printed) const {
    return "for i in $(seq 600); do grep -q '" + printed + "' " + directory_ + "/followed && break; sleep 0.05; done; ";
  }
  [[nodiscard]] Lines flows(const std::string& words) const { return lines_of(command("flows " + words + " 2>&1")); }

  // The hash of a TCP flow from 198.51.100.2 to the service, with the key of the configuration.
  [[nodiscard]] static std::uint64_t hash_from(std::uint16_t port) {
    const std::array<std::uint8_t, 16> bytes{0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                             0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    gw_hash_key key{};
    std::memcpy(&key, bytes.data(), sizeof key);
    gw_flow_key flow{};
    const std::array<std::uint8_t, 4> source{198, 51, 100, 2};
    const std::array<std::uint8_t, 4> destination{192, 0, 2, 10};
    std::copy(source.begin(), source.end(), flow.source);
    std::copy(destination.begin(), destination.end(), flow.destination);
    flow.source_port_be16 = be16(port).raw();
    flow.destination_port_be16 = be16(80).raw();
    flow.protocol = 6;
    flow.family = 4;
    return gw_hash_flow(&key, &flow);
  }
};

TEST_F(StreamsTest, FlowsAreListedByPagesAndFilters) {
  write_config(config_with({backend("a", 1), backend("b", 2)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(eventually([&] { return get("/v1/status")["datapath"]["connected"] == true; }));
  const auto a = backend_of("a")["index"].get<std::uint32_t>();
  const auto b = backend_of("b")["index"].get<std::uint32_t>();
  std::vector<gw_flow_entry> entries;
  for (std::uint16_t port = 20000; port < 20100; ++port)
    entries.push_back({hash_from(port), (port % 2 == 0 ? a : b) << 8U, (1000U + 160U) << 4U | GW_FLOW_ESTABLISHED});
  for (std::uint64_t i = 1; i <= 50; ++i) entries.push_back({i, a << 8U, (1000U + 16U) << 4U | GW_FLOW_PROBATION});
  datapath.remember_all(entries);

  const Lines all = flows("");
  ASSERT_EQ(all.size(), 153U) << all.front();
  EXPECT_EQ(all[0].rfind("FLOW ", 0), 0U);
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const std::string& line) { return line.find("web/b ") != std::string::npos; }),
            50);
  EXPECT_EQ(all[150],
            "0000000000000032       1  probation          1 s  web/a                     web               -");
  EXPECT_EQ(all[151], "150 of 150 remembered flows that were looked at; only exceptions are remembered");
  EXPECT_EQ(all.back(), "0");

  EXPECT_EQ(flows("--backend web/b").size(), 53U);
  EXPECT_EQ(flows("--backend b --limit 7").size(), 10U);
  EXPECT_EQ(flows("--service web").size(), 153U);
  const Lines named = flows("--client 198.51.100.2");
  ASSERT_EQ(named.size(), 103U);
  EXPECT_NE(named[1].find("tcp 198.51.100.2:20000 -> 192.0.2.10:80"), std::string::npos) << named[1];
  const Lines one = flows("--client 198.51.100.2:20007 --json");
  ASSERT_EQ(one.size(), 3U);
  const auto flow = nlohmann::json::parse(one[0]);
  EXPECT_EQ(flow["client"], "198.51.100.2:20007");
  EXPECT_EQ(flow["backend"], "web/b");
  EXPECT_EQ(flow["services"], nlohmann::json::array({"web"}));
  EXPECT_EQ(flow["state"], "established");
  EXPECT_EQ(flow["remaining_ms"], 10000);
  EXPECT_EQ(nlohmann::json::parse(one[1])["end"]["looked_at"], 150);
  EXPECT_EQ(flows("--client 203.0.113.1").size(), 3U) << "nothing but head and end";

  EXPECT_EQ(flows("--service none").front(), "guideway: there is no service \"none\"");
  EXPECT_EQ(flows("--backend none").back(), "1");
  EXPECT_EQ(flows("--client somebody").back(), "2");
}

TEST_F(StreamsTest, FlowsOfNobodyAreNone) {
  write_config(config_with({backend("a", 1)}));
  start();
  EXPECT_EQ(flows("").front(), "guideway: no datapath is connected, so nobody remembers flows");
}

// A reader that stops reading costs the daemon a few pages, and loses nothing: a million lines wait for it.
TEST_F(StreamsTest, ASlowReaderOfFlowsIsWaitedFor) {
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(eventually([&] { return get("/v1/status")["datapath"]["connected"] == true; }));
  datapath.remember_all(std::vector<gw_flow_entry>(20'000, {7, 0, (1000U + 160U) << 4U}));
  const Lines lines = lines_of(command("flows --json") + " | { sleep 1; wc -l; }");
  EXPECT_EQ(lines.front(), "20001");
}

TEST_F(StreamsTest, EventsAreFollowedUntilCtrlC) {
  write_config(config_with({backend("a", 1)}));
  FakeDatapath datapath;
  TestDoor door(door_, datapath);
  start();
  ASSERT_TRUE(becomes("a", "up"));
  ASSERT_TRUE(eventually([&] { return says("pool", "pool web: 1 of 1"); }));
  const std::string newest = get("/v1/events?service=web&limit=1")["events"].at(0)["text"];
  const Lines lines = followed("events --follow --service web --lines 1", "INT",
                               until(".") + command("backend drain web/a") + " >/dev/null; " +
                                   until("backend.state web/a draining") + until("web/a is draining"));
  ASSERT_GE(lines.size(), 4U);
  EXPECT_NE(lines[0].find(newest), std::string::npos) << "the newest of what was: " << lines[0];
  EXPECT_EQ(lines.back(), "0");
  ASSERT_TRUE(eventually([&] { return texts("pool").size() >= 2; }));
  const Lines documents = followed("events -f --json --lines 20", "TERM", until("draining") + until("\"pool\""));
  ASSERT_GE(documents.size(), 5U);
  EXPECT_EQ(documents.back(), "0");
  // The drain, and what it left of the pool.
  std::set<std::string> kinds;
  for (std::size_t i = 0; i + 1 < documents.size(); ++i) kinds.insert(nlohmann::json::parse(documents[i])["kind"]);
  EXPECT_EQ(kinds.count("backend") + kinds.count("pool"), 2U);
  EXPECT_EQ(lines_of(command("events -f --service none 2>&1")).front(), "guideway: there is no service \"none\"");
}

// `events --follow` ends with the daemon, and says so.
TEST_F(StreamsTest, FollowersHearOfTheEnd) {
  write_config(config_with({backend("a", 1)}));
  start();
  const Lines lines =
      followed("events --follow --lines 1", "0", until(".") + "kill -KILL " + std::to_string(child_) + "; ");
  ASSERT_GE(lines.size(), 2U);
  EXPECT_NE(lines[lines.size() - 2].find("guideway: guidewayd has ended the answer"), std::string::npos);
  EXPECT_EQ(lines.back(), "3");
}

}  // namespace
}  // namespace guideway
