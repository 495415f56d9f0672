// SPDX-License-Identifier: Apache-2.0
// Answers as text, among them answers that lack everything.
#include "controlplane/cli/render.hh"

#include <gtest/gtest.h>

#include "controlplane/cli/field.hh"
#include "controlplane/cli/text_table.hh"

namespace guideway {
namespace {

using nlohmann::json;

TEST(TextTable, AlignsAndLeavesNoTrailingSpace) {
  TextTable table({{"NAME"}, {"COUNT", TextTable::Align::right}, {"NOTE"}});
  table.add_row({"a", "1", "long note"});
  table.add_row({"longer", "1000", ""});
  EXPECT_EQ(table.text(),
            "NAME    COUNT  NOTE\n"
            "a           1  long note\n"
            "longer   1000\n");
}

TEST(Field, UnitsForPeople) {
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(999), "999 B");
  EXPECT_EQ(bytes_text(1500), "1.5 kB");
  EXPECT_EQ(bytes_text(999'999), "1.0 MB");
  EXPECT_EQ(bytes_text(UINT64_MAX), "18.4 EB");
  EXPECT_EQ(time_text(59), "59 s");
  EXPECT_EQ(time_text(61), "1 min 1 s");
  EXPECT_EQ(time_text(3 * 3600 + 12 * 60), "3 h 12 min");
  EXPECT_EQ(time_text(90'000), "1 d 1 h");
}

TEST(Render, Status) {
  const json status = json::parse(R"({"version":"0.1.0","uptime_s":61,"generation":42,"datapath":{"connected":true,
      "name":"guideway-dpdk","workers":2,"ports":[{"number":0,"name":"eth0","kernel_face":"gw0",
      "mac":"02:00:00:00:00:01"}]},"services":1,"backends":3,"backends_up":2,"moving_slots":0,
      "config_file":"/etc/guideway/guideway.toml","warnings":["backend web/b is down"]})");
  EXPECT_EQ(status_text(status),
            "Guideway 0.1.0, up 1 min 1 s\n"
            "configuration /etc/guideway/guideway.toml, generation 42\n"
            "datapath      guideway-dpdk, 2 workers\n"
            "              port 0: eth0, 02:00:00:00:00:01, kernel face gw0\n"
            "services      1\n"
            "backends      3, 2 up\n"
            "moving slots  0\n"
            "warning: backend web/b is down\n");
}

TEST(Render, Backends) {
  const json backends = json::parse(R"({"backends":[
      {"pool":"web","name":"a","address":"10.0.0.1","weight":1,"forward":"l2","vlan":0,"state":"up",
       "reason":"none","share":100.0,"leaving":false,"mac":"02:00:00:00:00:01",
       "check":{"kind":"http","last":"ok","latency_ms":0.42},"packets":10,
       "bytes":1500,"opened":2},
      {"pool":"web","name":"b","address":"10.0.0.2","weight":5,"forward":"gre","gre_key":7,"state":"down",
       "reason":"check","share":0.0,"leaving":true,"detail":"no route to 10.0.0.2","mac":null,
       "check":{"kind":"tcp","last":"failed","detail":"connection refused"}}]})");
  const std::string text = backends_text(backends);
  EXPECT_NE(text.find("web   a     10.0.0.1       1  l2         up                     100 %  http ok 0.4 ms "),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("02:00:00:00:00:01       2       10  1.5 kB\n"), std::string::npos) << text;
  EXPECT_NE(
      text.find(
          "web   b     10.0.0.2       5  gre key 7  down (check), leaving    0 %  tcp failed: connection refused  -"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("\n\nweb/b: no route to 10.0.0.2\n"), std::string::npos) << text;
  EXPECT_NE(backends_text({{"backends", json::array()}}).find("backend add"), std::string::npos);
}

TEST(Render, TheLayersOfBackendsThatSomethingIsAgainst) {
  const json backends = json::parse(R"({"backends":[
      {"pool":"web","name":"a","state":"up","administrative":"enabled","operational":"up","agent":null},
      {"pool":"web","name":"b","state":"up","reason":"panic","administrative":"enabled","operational":"check failed",
       "agent":null},
      {"pool":"web","name":"c","state":"up","reason":"panic","administrative":"enabled","operational":"check failed",
       "agent":null},
      {"pool":"web","name":"d","state":"draining","reason":"administrative","administrative":"draining",
       "operational":"up","agent":{"word":"ready","percent":75}}]})");
  const std::string text = backends_text(backends);
  EXPECT_NE(text.find("up (panic)"), std::string::npos) << text;
  EXPECT_NE(text.find("web/b, web/c: administrative enabled, operational check failed, agent silent\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("web/d: administrative draining, operational up, agent ready 75 %\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("web/a"), std::string::npos) << text;
}

TEST(Render, TheModeAndTheVlanOfABackend) {
  const json backends = json::parse(R"({"backends":[{"pool":"web","name":"c","address":"10.0.0.3","weight":5,
      "forward":"gue","gue_variant":1,"gue_port":666,"state":"up","reason":"none","share":100.0,
      "mac":"02:00:00:00:00:03","vlan":20,"check":{"kind":"none"}}]})");
  const std::string text = backends_text(backends);
  EXPECT_NE(text.find("  gue 666 direct  up "), std::string::npos) << text;
  EXPECT_NE(text.find("  02:00:00:00:00:03 vlan 20  "), std::string::npos) << text;
}

TEST(Render, Services) {
  const json services = json::parse(R"({"services":[{"name":"games","addresses":["198.18.0.0/24","2001:db8::/64"],
      "port":"8000-8100","protocol":"tcp+udp","pool":"games","scheduler":"source","backends":3,"backends_up":2,
      "packets":5,"bytes":500},{"name":"all","addresses":["192.0.2.1"],"port":0,"protocol":"udp","pool":"p",
      "scheduler":"maglev","backends":0,"backends_up":0,"packets":0,"bytes":0}]})");
  const std::string text = services_text(services);
  EXPECT_NE(text.find("games  198.18.0.0/24, 2001:db8::/64  8000-8100  tcp+udp   games  source     2/3"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find(" any  udp "), std::string::npos) << text;
}

TEST(Render, OneServiceWithAllThatItMayHave) {
  const json service = json::parse(R"({"name":"games","addresses":["198.18.0.0/24"],"port":"8000-8100",
      "protocol":"tcp+udp","pool":"games","scheduler":"source","source_bits_ipv4":24,"source_bits_ipv6":64,
      "policy":"reject","table_slots":251,"idle_timeout_ms":900000,"opening_timeout_ms":30000,
      "closing_timeout_ms":30000,"udp_idle_timeout_ms":60000,"udp_opening_timeout_ms":5000,"udp":"follow","dscp":9,
      "allow":["10.0.0.0/8","::/0"],"deny":["10.1.0.0/16"],"new_flows_per_second":100,"new_flows_burst":200,
      "source_flows_per_second":5,"source_flows_burst":10,"source_flows_bits_ipv4":32,"source_flows_bits_ipv6":64,
      "packets":1,"bytes":2,"backend_list":[]})");
  EXPECT_EQ(service_text(service),
            "service     games\n"
            "addresses   198.18.0.0/24\n"
            "port        8000-8100 tcp+udp\n"
            "pool        games\n"
            "scheduler   source (/24 and /64), when none accepts: reject\n"
            "table       251 slots\n"
            "timeouts    15m idle, 30s opening, 30s closing; UDP 1m idle, 5s opening\n"
            "udp         follow\n"
            "dscp        9\n"
            "access      2 prefixes allowed, 1 denied, all others denied\n"
            "new flows   100 a second, 200 at once\n"
            "a source    5 new flows a second, 10 at once (/32 and /64)\n"
            "traffic     1 packets, 2 B\n\n"
            "There is no backend; add one with `guideway backend add`.\n");
}

TEST(Render, Explanation) {
  const json answer = json::parse(R"({"service":"web","backend":"web/a","state":"up","why":"slot 7 is plain",
      "steps":["the destination belongs to service web","slot 7"]})");
  EXPECT_EQ(explanation_text(answer),
            "web/a (up)\n  because slot 7 is plain\n\n  1. the destination belongs to service web\n  2. slot 7\n");
  EXPECT_EQ(explanation_text(json::parse(R"({"backend":null,"why":"no service","steps":[]})")),
            "no backend\n  because no service\n\n");
}

TEST(Render, Stats) {
  const json stats = json::parse(R"({"workers":[{"received":10,"received_bytes":1000,"plain":9,"asked":1,
      "flows_remembered":1,"loops":100,"busy_loops":5,"cycles":200,"busy_cycles":50}],
      "exits":{"sent":{"count":10,"meaning":"to a backend"},
      "drop_no_backend":{"count":0,"meaning":"nobody"}},"services":[{"name":"web","pool":"web","packets":10,"bytes":1}],
      "backends":[{"pool":"web","name":"a","packets":0,"bytes":0}]})");
  const std::string text = stats_text(stats, false);
  EXPECT_NE(text.find("sent       10  to a backend"), std::string::npos) << text;
  EXPECT_EQ(text.find("drop_no_backend"), std::string::npos) << text;
  EXPECT_EQ(text.find("web/a"), std::string::npos) << text;
  EXPECT_NE(text.find("25 %              5\n"), std::string::npos) << text;
  EXPECT_NE(stats_text(stats, true).find("drop_no_backend"), std::string::npos);
  EXPECT_NE(stats_text(stats, true).find("web/a"), std::string::npos);
}

TEST(Render, ErrorsAndChanges) {
  EXPECT_EQ(error_text({{"error", "there is no pool"}}, 404), "there is no pool\n");
  EXPECT_EQ(error_text(json::array(), 500), "guidewayd answered with status 500\n");
  EXPECT_EQ(error_text(json::parse(R"({"error":"x","errors":[{"file":"/c","line":3,"key":"door","message":"bad"},
                                       {"file":"/c","line":0,"key":"","message":"worse"}]})"),
                       422),
            "/c:3: door: bad\n/c: worse\n");
  EXPECT_EQ(changes_text(json::parse(R"({"changes":[{"kind":"added","text":"service a"},{"kind":"removed","text":"b"},
                                         {"kind":"changed","text":"c"}]})")),
            "+ service a\n- b\n~ c\n");
  EXPECT_EQ(changes_text(json::object()), "nothing changes\n");
  EXPECT_EQ(warnings_text(json::parse(R"({"warnings":["a","b"]})")), "warning: a\nwarning: b\n");
  EXPECT_EQ(warnings_text(json::object()), "");
}

TEST(Render, NoAnswerIsTooPoor) {
  for (const json& poor : {json::object(), json::array(), json(nullptr), json("x"), json(7),
                           json::parse(R"({"services":[7,null],"backends":[[]],"exits":{"a":1},"workers":[null],
                                           "steps":[1],"datapath":7,"uptime_s":-1,"warnings":[{}]})")}) {
    EXPECT_FALSE(status_text(poor).empty());
    EXPECT_FALSE(services_text(poor).empty());
    EXPECT_FALSE(service_text(poor).empty());
    EXPECT_FALSE(backends_text(poor).empty());
    EXPECT_FALSE(explanation_text(poor).empty());
    EXPECT_FALSE(stats_text(poor, true).empty());
    EXPECT_FALSE(changes_text(poor).empty());
    EXPECT_FALSE(error_text(poor, 500).empty());
  }
}

TEST(Render, OneBackend) {
  const json backend = json::parse(R"({"pool":"web","name":"b","address":"10.0.0.2","weight":5,"forward":"gue",
      "gue_port":6080,"vlan":20,"mac":"02:00:00:00:00:02","mtu":1472,"outer_source":"10.9.0.0/16","state":"down",
      "reason":"check failed","administrative":"enabled","operational":"check failed","agent":null,"share":0.0,
      "leaving":false,"detail":"","services":["web","web-tls"],"falls":2,
      "check":{"kind":"http","last":"failed","detail":"HTTP status 503, wanted 200 to 399","latency_ms":1.5},
      "checks":{"rule":"all","list":[
        {"name":"http 80","kind":"http","last":"failed","detail":"HTTP status 503, wanted 200 to 399"},
        {"name":"tcp 8443","kind":"tcp","last":"ok","latency_ms":0.4}]},
      "made":[{"kind":"http","port":80,"through":"service","interval_ms":2000,"fast_interval_ms":500,
               "down_interval_ms":10000,"timeout_ms":1000,"rise":2,"fall":3},
              {"kind":"tcp","port":8443,"through":"backend","interval_ms":1000,"fast_interval_ms":1000,
               "down_interval_ms":1000,"timeout_ms":500,"rise":2,"fall":3}],
      "packets":10,"bytes":1500,"opened":2,"remembered":1})");
  EXPECT_EQ(backend_text(backend),
            "backend     web/b\n"
            "address     10.0.0.2\n"
            "serves      web, web-tls\n"
            "state       down (check failed)\n"
            "layers      administrative enabled, operational check failed, agent silent\n"
            "falls       2 lately\n"
            "weight      5, share 0 %\n"
            "forward     gue 6080\n"
            "next hop    02:00:00:00:00:02 vlan 20, MTU 1472, tunnelled from 10.9.0.0/16\n"
            "checks      all must pass\n"
            "            http failed: HTTP status 503, wanted 200 to 399\n"
            "            every 2s (500ms in doubt, 10s while down), timeout 1s, rise 2, fall 3, through the service\n"
            "            tcp ok 0.4 ms\n"
            "            every 1s, timeout 500ms, rise 2, fall 3\n"
            "traffic     10 packets, 1.5 kB, 2 flows opened, 1 remembered\n");
  EXPECT_NE(backend_text(json::object()).find("backend     -/-\n"), std::string::npos) << "lacking everything";
  EXPECT_NE(backend_text(nullptr).find("check"), std::string::npos);
}

}  // namespace
}  // namespace guideway
