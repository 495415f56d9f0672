// SPDX-License-Identifier: Apache-2.0
// Who gets a new flow, what is remembered of it, and what happens when nobody does.
#include "tests/unit/controlplane/config/wrong_file.hh"

namespace guideway {
namespace {

class WrongScheduler : public WrongFileTest {};

TEST_P(WrongScheduler, IsRefused) { expect_error(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Table, WrongScheduler,
    testing::Values(
        WrongFile{"bits without source", web_service + "source_bits_ipv4 = 24\n", 7, "service.web.source_bits_ipv4",
                  "only means something with scheduler = \"source\", and that is \"maglev\"; leave it out"},
        WrongFile{"too many bits", web_service + "scheduler = \"source\"\nsource_bits_ipv4 = 33\n", 8,
                  "service.web.source_bits_ipv4", "33 is above 32; give a number of bits from 1 to 32"},
        WrongFile{"no bits", web_service + "scheduler = \"source\"\nsource_bits_ipv6 = 0\n", 8,
                  "service.web.source_bits_ipv6", "0 is below 1; give a number of bits from 1 to 128"},
        WrongFile{"unknown policy", web_service + "when_none = \"rst\"\n", 7, "service.web.when_none",
                  "\"rst\" is not known; give \"drop\", \"fail-open\" or \"reject\""},
        WrongFile{"unknown udp mode", udp_service("udp = \"none\"\n"), 8, "service.web.udp",
                  "\"none\" is not known; give \"follow\", \"hash\" or \"packet\""},
        WrongFile{"hash of round robin", udp_service("udp = \"hash\"\nscheduler = \"round-robin\"\n"), 8,
                  "service.web.udp",
                  "\"hash\" remembers nothing, so round-robin has nothing to follow; write udp = \"follow\", udp = "
                  "\"packet\" or scheduler = \"maglev\""},
        WrongFile{"hash of random", udp_service("udp = \"hash\"\nscheduler = \"random\"\n"), 8, "service.web.udp",
                  "so random has nothing to follow"},
        WrongFile{"hash of least connections", udp_service("udp = \"hash\"\nscheduler = \"least-connections\"\n"), 8,
                  "service.web.udp",
                  "\"hash\" remembers nothing, so least-connections has no flows to count; write udp = \"follow\" or "
                  "another scheduler"},
        WrongFile{"packet of least connections", udp_service("udp = \"packet\"\nscheduler = \"least-connections\"\n"),
                  8, "service.web.udp", "\"packet\" remembers nothing, so least-connections has no flows to count"},
        WrongFile{"the same for both protocols",
                  web_service + "protocol = \"tcp+udp\"\nudp = \"hash\"\nscheduler = \"random\"\n", 8,
                  "service.web.udp", "so random has nothing to follow"}),
    [](const testing::TestParamInfo<WrongFile>& row) { return test_name(row.param); });

TEST(ReadScheduler, EveryOneIsKnown) {
  for (const auto& [word, scheduler] :
       {std::pair("maglev", Scheduler::maglev), std::pair("source", Scheduler::source),
        std::pair("round-robin", Scheduler::round_robin), std::pair("random", Scheduler::random),
        std::pair("least-connections", Scheduler::least_connections)})
    EXPECT_EQ(accepted(web_service + "scheduler = \"" + word + "\"\n").services.at(0).scheduler, scheduler);
}

TEST(ReadScheduler, SourceMayCountLessOfAnAddress) {
  const ServiceConfig service =
      accepted(web_service + "scheduler = \"source\"\nsource_bits_ipv4 = 24\nsource_bits_ipv6 = 56\n").services.at(0);
  EXPECT_EQ(service.source_bits_ipv4, 24);
  EXPECT_EQ(service.source_bits_ipv6, 56);
}

TEST(ReadScheduler, BitsOfTheDefaultsAreForThoseWhoUseThem) {
  const Config config = accepted("[defaults]\nsource_bits_ipv4 = 20\n" + web_service +
                                 "[[service]]\nname = \"two\"\naddress = \"192.0.2.11\"\nport = 80\npool = \"web\"\n"
                                 "scheduler = \"source\"\n");
  EXPECT_EQ(config.services.at(0).source_bits_ipv4, 20);
  EXPECT_EQ(config.services.at(1).source_bits_ipv4, 32) << "has no use for it";
}

TEST(ReadScheduler, APacketMayBeChosenFor) {
  for (const std::string word : {"maglev", "source", "round-robin", "random"}) {
    const Config config =
        accepted(udp_service("udp = \"packet\"\nscheduler = \"" + word + "\"\nwhen_none = \"reject\"\n"));
    EXPECT_EQ(config.services.at(0).udp, UdpMode::packet);
    EXPECT_EQ(config.services.at(0).policy, NoBackendPolicy::reject);
  }
}

}  // namespace
}  // namespace guideway
