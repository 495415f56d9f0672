// SPDX-License-Identifier: Apache-2.0
// Checks: every form, and what a wrong one is told. resolve.cc's part, the port, is here as well.
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "controlplane/config/draft.hh"
#include "controlplane/config/json.hh"
#include "controlplane/config/words.hh"
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

std::string with_check(const std::string& check) { return web_service + "check = " + check + "\n"; }

CheckConfig check_of(const std::string& check) {
  const auto config = load_config_text(key_line + with_check(check), "conf.toml");
  EXPECT_TRUE(config.has_value()) << check << ": " << text_of(config.error());
  return config ? config->pools.at(0).backends.at(0).check : CheckConfig{};
}

TEST(ReadCheck, EveryForm) {
  EXPECT_EQ(check_of("\"none\"").kind, CheckKind::none);
  EXPECT_EQ(check_of("\"tcp\"").kind, CheckKind::tcp);
  EXPECT_EQ(check_of("\"tcp\"").port, 80);
  EXPECT_EQ(check_of("{ port = 81 }").port, 81);
  const CheckConfig http = check_of(
      "{ type = \"http\", path = \"/h\", host = \"h.example\", status = \"200-299\", port = 8080, interval = \"5s\", "
      "timeout = \"500ms\", rise = 4, fall = 5, jitter_percent = 0 }");
  CheckConfig expected;
  expected.kind = CheckKind::http;
  expected.path = "/h";
  expected.host = "h.example";
  expected.status = {{200, 299}};
  expected.port = 8080;
  expected.interval_ms = expected.fast_interval_ms = expected.down_interval_ms = 5000;
  expected.timeout_ms = 500;
  expected.rise = 4;
  expected.fall = 5;
  expected.jitter_percent = 0;
  EXPECT_EQ(http, expected);
  EXPECT_EQ(check_of("{ http = \"/h\", status = 204 }").status, (std::vector<StatusRange>{{204, 204}}));
  EXPECT_EQ(check_of("{ http = \"/h\", status = [\"300-302\", 204] }").status,
            (std::vector<StatusRange>{{204, 204}, {300, 302}}));
}

TEST(ReadCheck, OverTls) {
  const CheckConfig https = check_of(
      "{ https = \"/h\", method = \"OPTIONS\", headers = { X-A = \"1\", b = \"2 3\" }, body = \"regex:^ok\", "
      "server_name = \"a.example\", verify = true, ca_file = \"/ca.pem\", certificate_days = 30 }");
  EXPECT_EQ(https.kind, CheckKind::http);
  EXPECT_TRUE(https.tls && https.verify);
  EXPECT_EQ(https.headers, (std::map<std::string, std::string>{{"X-A", "1"}, {"b", "2 3"}}));
  EXPECT_EQ(https.body, "regex:^ok");
  EXPECT_EQ(https.server_name + https.ca_file, "a.example/ca.pem");
  EXPECT_EQ(https.certificate_days, 30U);
  EXPECT_EQ(name_of(https), "https");
  EXPECT_EQ(name_of(check_of("\"tls\"")), "tls");
  EXPECT_EQ(name_of(check_of("{ type = \"redis\", tls = true }")), "redis");
  EXPECT_FALSE(check_of("{ type = \"https\", tls = false }").tls);
}

TEST(ReadCheck, ChecksThatTalk) {
  for (const CheckWord& each : check_words) {
    CheckQuestion bare;
    bare.kind = each.kind;
    if (!missing_in(bare).empty()) continue;
    EXPECT_EQ(check_of(fmt::format("\"{}\"", each.word)).kind, each.kind);
  }
  EXPECT_EQ(check_of("{ type = \"redis\", password = \"secret\" }").password, "secret");
  const CheckConfig talk = check_of("{ send = 'PING\\r\\n', expect = 'regex:^\\+PONG' }");
  EXPECT_EQ(talk.kind, CheckKind::tcp);
  EXPECT_EQ(talk.send, "PING\\r\\n");
  EXPECT_EQ(talk.expect, "regex:^\\+PONG");
}

TEST(ReadCheck, NothingThatACheckSaysIsLostInJson) {
  for (const char* check :
       {"{ send = '\\x00\\r', expect = 'regex:^\\+' }", "{ type = \"redis\", password = \"s\\\"\" }", "\"memcached\"",
        "\"smtp\"", "{ type = \"agent\", send = 'weight\\n', tls = true }",
        "{ https = \"/h\", status = [204, \"300-302\"], headers = { X-A = \"1\" }, body = \"ok\", verify = "
        "true, ca_file = \"/ca.pem\", server_name = \"a\", certificate_days = 0 }",
        "\"tls\"", "{ type = \"udp\", send = '\\x00', expect = 'a' }",
        "{ type = \"grpc\", grpc_service = \"shop.Cart\", host = \"h\", tls = true }",
        "{ type = \"dns\", query = \"a.example.\", record = \"MX\", answer = \"10 b\", transport = \"tcp\" }",
        "\"icmp\"", "{ type = \"postgresql\", user = \"u\", database = \"d\" }", "{ type = \"mysql\", user = \"u\" }",
        "\"amqp\"", "{ type = \"program\", program = \"/bin/true\", arguments = [\"a b\", \"\"] }",
        "{ fast_interval = \"90ms\", down_interval = \"9s\" }"}) {
    const Config config = accepted(with_check(check));
    const auto again = config_from_json(to_json(config));
    ASSERT_TRUE(again.has_value()) << check << ": " << again.error().message;
    EXPECT_EQ(*again, config) << check;
  }
}

TEST(ReadCheck, ATimeoutNobodyGaveFitsTheInterval) {
  EXPECT_EQ(check_of("{ interval = \"500ms\" }").timeout_ms, 500U);
  EXPECT_EQ(check_of("{ interval = \"5s\" }").timeout_ms, 1000U);
}

TEST(ReadCheck, IntervalsNobodyGaveAreTheInterval) {
  EXPECT_EQ(check_of("{ interval = \"5s\" }").fast_interval_ms, 5000U);
  EXPECT_EQ(check_of("{ interval = \"5s\" }").down_interval_ms, 5000U);
  const CheckConfig given = check_of("{ interval = \"5s\", fast_interval = \"200ms\", down_interval = \"1m\" }");
  EXPECT_EQ(given.fast_interval_ms, 200U);
  EXPECT_EQ(given.down_interval_ms, 60'000U);
}

// One that follows the interval goes on following it where a backend says its own.
TEST(ReadCheck, ABackendRefinesTheIntervalsOfItsPool) {
  const char* service = R"(
[[service]]
name = "web"
address = "192.0.2.10"
port = 80
check = { interval = "5s", fast_interval = "1s" }
backends = [{ address = "10.0.0.1", check = { interval = "9s" } }]
)";
  const Config config = accepted(service);
  const CheckConfig& check = config.pools.at(0).backends.at(0).check;
  EXPECT_EQ(check.interval_ms, 9000U);
  EXPECT_EQ(check.fast_interval_ms, 1000U);
  EXPECT_EQ(check.down_interval_ms, 9000U);
  const auto added = backend_from_json(nlohmann::json::parse(R"({"address": "10.0.0.2", "check": {"interval": "7s"}})"),
                                       "web", config);
  ASSERT_TRUE(added.has_value()) << added.error().message;
  EXPECT_EQ(added->check.fast_interval_ms, 1000U);
  EXPECT_EQ(added->check.down_interval_ms, 7000U);
}

class WrongCheck : public WrongFileTest {};

TEST_P(WrongCheck, IsRefused) { expect_error(GetParam()); }

const std::string shared_pool =
    "[[service]]\nname = \"a\"\naddress = \"192.0.2.1\"\nport = 80\npool = \"p\"\n[[service]]\nname = \"b\"\n"
    "address = \"192.0.2.1\"\nport = 81\npool = \"p\"\n[[pool]]\nname = \"p\"\nbackends = [\"10.0.0.1\"]\n";

INSTANTIATE_TEST_SUITE_P(
    Table, WrongCheck,
    testing::Values(
        WrongFile{"unknown kind", with_check("\"finger\""), 7, "service.web.check", "\"finger\" is not a check"},
        WrongFile{"unknown type", with_check("{ type = \"finger\" }"), 7, "service.web.check.type", " or \"none\""},
        WrongFile{"a number", with_check("7"), 7, "service.web.check", "7 is not a check"},
        WrongFile{"path without slash", with_check("{ http = \"healthz\" }"), 7, "service.web.check.http",
                  "begins with /"},
        WrongFile{"path with a line break", with_check("{ http = \"/a\\r\\nX: y\" }"), 7, "service.web.check.http",
                  "is not a path"},
        WrongFile{"host with a line break", with_check("{ http = \"/\", host = \"a\\nb\" }"), 7,
                  "service.web.check.host", "is not a host name"},
        WrongFile{"path twice", with_check("{ http = \"/a\", path = \"/b\" }"), 7, "service.web.check.http",
                  "a second time"},
        WrongFile{"type contradicts", with_check("{ http = \"/a\", type = \"http\", type2 = 1 }"), 7,
                  "service.web.check.type2", "did you mean \"type\"?"},
        WrongFile{"path of a TCP check", with_check("{ type = \"tcp\", path = \"/\" }"), 7, "service.web.check.path",
                  "HTTP check"},
        WrongFile{"half an escape", with_check("{ send = 'a\\x1' }"), 7, "service.web.check.send", "begins none of"},
        WrongFile{"no expression", with_check("{ expect = 'regex:(' }"), 7, "service.web.check.expect", "missing )"},
        WrongFile{"too much to say", with_check("{ send = '" + std::string(513, 'x') + "' }"), 7,
                  "service.web.check.send", "up to 512"},
        WrongFile{"send of an HTTP check", with_check("{ http = \"/\", send = \"x\" }"), 7, "service.web.check.send",
                  "a TCP, UDP or agent check"},
        WrongFile{"password of a TCP check", with_check("{ password = \"x\" }"), 7, "service.web.check.password",
                  "a Redis check"},
        WrongFile{"status out of range", with_check("{ http = \"/\", status = 600 }"), 7, "service.web.check.status",
                  "600 is not a status"},
        WrongFile{"status range backwards", with_check("{ http = \"/\", status = \"300-200\" }"), 7,
                  "service.web.check.status", "\"300-200\""},
        WrongFile{"a status in a list", with_check("{ http = \"/\", status = [200, 99] }"), 7,
                  "service.web.check.status", "99 is not a status"},
        WrongFile{"a header with a line break", with_check("{ http = \"/\", headers = { a = \"b\\r\\nc\" } }"), 7,
                  "service.web.check.headers", "one line"},
        WrongFile{"a header of our own", with_check("{ http = \"/\", headers = { Host = \"b\" } }"), 7,
                  "service.web.check.headers", "give host"},
        WrongFile{"a body of HEAD", with_check("{ http = \"/\", method = \"HEAD\", body = \"x\" }"), 7,
                  "service.web.check.body", "has no body"},
        WrongFile{"TLS keys without TLS", with_check("{ http = \"/\", verify = true }"), 7, "service.web.check.verify",
                  "add tls = true"},
        WrongFile{"authorities for nothing", with_check("{ https = \"/\", ca_file = \"/a\" }"), 7,
                  "service.web.check.ca_file", "without verify = true"},
        WrongFile{"http and https", with_check("{ http = \"/\", https = \"/\" }"), 7, "service.web.check.https",
                  "contradicts http"},
        WrongFile{"UDP without words", with_check("\"udp\""), 7, "service.web.check", "give send and expect"},
        WrongFile{"DNS without a name", with_check("{ type = \"dns\" }"), 7, "service.web.check", "give query"},
        WrongFile{"DNS of no name", with_check("{ type = \"dns\", query = \"a..b\" }"), 7, "service.web.check.query",
                  "is not a name in the DNS"},
        WrongFile{"DNS of no record", with_check("{ type = \"dns\", query = \".\", record = \"a\" }"), 7,
                  "service.web.check.record", "\"SRV\" or \"TXT\""},
        WrongFile{"TLS over UDP", with_check("{ type = \"dns\", query = \".\", tls = true }"), 7,
                  "service.web.check.tls", "does not speak over TCP"},
        WrongFile{"no program", with_check("{ type = \"program\", arguments = [\"a\"] }"), 7, "service.web.check",
                  "give program"},
        WrongFile{"a program by name", with_check("{ type = \"program\", program = \"sh\" }"), 7,
                  "service.web.check.program", "not an absolute path"},
        WrongFile{"an argument that is none", with_check("{ type = \"program\", program = \"/a\", arguments = [1] }"),
                  7, "service.web.check.arguments", "up to 32 strings"},
        WrongFile{"a user with a space", with_check("{ type = \"mysql\", user = \"a b\" }"), 7,
                  "service.web.check.user", "without spaces"},
        WrongFile{"interval without unit", with_check("{ interval = 5 }"), 7, "service.web.check.interval",
                  "not a string with a unit"},
        WrongFile{"unknown unit", with_check("{ interval = \"5 sec\" }"), 7, "service.web.check.interval",
                  "ms, s, m, h"},
        WrongFile{"timeout beyond interval", with_check("{ interval = \"1s\", timeout = \"2s\" }"), 7,
                  "service.web.check.timeout", "longer than the interval"},
        WrongFile{"rise of zero", with_check("{ rise = 0 }"), 7, "service.web.check.rise", "0 is below 1"},
        WrongFile{"too much jitter", with_check("{ jitter_percent = 60 }"), 7, "service.web.check.jitter_percent",
                  "60 is above 50"},
        WrongFile{"any port and no check port",
                  "[[service]]\nname = \"web\"\naddress = \"192.0.2.10\"\nport = \"any\"\nbackends = [\"10.0.0.1\"]\n"
                  "check = \"tcp\"\n",
                  7, "service.web.check", "service web has any port"},
        WrongFile{"two ports and no check port", shared_pool, 12, "pool.p.check", "a (80), b (81)"}),
    [](const testing::TestParamInfo<WrongFile>& row) {
      std::string name = row.param.what;
      for (char& c : name) c = c == ' ' ? '_' : c;
      return name;
    });

TEST(Resolve, ASharedPoolWithACheckPortIsFine) {
  const auto config = load_config_text(key_line + shared_pool + "check = { port = 80 }\n", "conf.toml");
  ASSERT_TRUE(config.has_value()) << text_of(config.error());
  EXPECT_EQ(config->pools.at(0).backends.at(0).check.port, 80);
}

}  // namespace
}  // namespace guideway
