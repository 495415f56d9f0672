// SPDX-License-Identifier: Apache-2.0
#include "controlplane/metrics/counter_totals.hh"

#include <gtest/gtest.h>

#include <memory>

#include "controlplane/config/load.hh"
#include "tests/unit/controlplane/publish/test_door.hh"

namespace guideway {
namespace {

constexpr const char* key = "hash_key = \"00112233445566778899aabbccddeeff\"\n";

std::string service(const std::string& name, const std::string& addresses, const std::string& backends) {
  return "[[service]]\nname = \"" + name + "\"\naddresses = [" + addresses +
         "]\nport = 80\ntable_slots = 251\nbackends = [" + backends + "]\n";
}

class CounterTotalsTest : public ::testing::Test {
 protected:
  void adopt(const std::string& services) {
    auto loaded = load_config_text(key + services, "test.toml");
    ASSERT_TRUE(loaded) << text_of(loaded.error());
    config_ = *loaded;
    ASSERT_TRUE(ledger_.adopt(config_, {}, 0));
    follow();
  }
  void follow() {
    auto view = CountersView::over(datapath_->counters());
    ASSERT_TRUE(view);
    totals_.follow(ledger_, config_.services, &*view);
  }
  void follow_without_datapath() { totals_.follow(ledger_, config_.services, nullptr); }
  void restart_datapath() { datapath_ = std::make_unique<FakeDatapath>(); }
  std::uint32_t id(const std::string& name, std::size_t number = 0) {
    for (const ServiceConfig& each : config_.services) {
      if (each.name == name) return ledger_.service_ids(each).at(number);
    }
    return 0;
  }
  std::uint64_t packets_of(const std::string& name) { return totals_.services().at(name).total().packets; }
  std::uint64_t packets_to(const std::string& pool, const std::string& name) {
    return totals_.backends().at({pool, name}).counters.total().packets;
  }
  std::uint32_t index(const std::string& pool, const std::string& name) { return ledger_.find({pool, name})->index; }

  std::unique_ptr<FakeDatapath> datapath_ = std::make_unique<FakeDatapath>();
  Config config_;
  Ledger ledger_{Capacities{64, 128, 0}};
  CounterTotals totals_;
};

const std::string one_backend = "{ name = \"a\", address = \"10.0.0.1\" }";

TEST_F(CounterTotalsTest, AddsOverWorkers) {
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  datapath_->service(0, id("web")).packets = 5;
  datapath_->service(1, id("web")).packets = 7;
  datapath_->backend(1, index("web", "a")).packets = 3;
  datapath_->worker(1).received_packets = 11;
  follow();
  EXPECT_EQ(packets_of("web"), 12U);
  EXPECT_EQ(packets_to("web", "a"), 3U);
  EXPECT_EQ(totals_.workers().at(1).counters.total().received_packets, 11U);
}

TEST_F(CounterTotalsTest, WhatWasCountedBeforeTheFirstLookIsNotTold) {
  datapath_->worker(0).received_packets = 1000;
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  EXPECT_EQ(totals_.workers().at(0).counters.total().received_packets, 0U);
  datapath_->worker(0).received_packets = 1001;
  follow();
  EXPECT_EQ(totals_.workers().at(0).counters.total().received_packets, 1U);
}

TEST_F(CounterTotalsTest, ADatapathThatBeginsAtZeroTakesNothingAway) {
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  datapath_->service(0, id("web")).packets = 100;
  datapath_->backend(0, index("web", "a")).packets = 100;
  datapath_->worker(0).exits[GW_EXIT_SENT] = 100;
  follow();
  restart_datapath();
  follow_without_datapath();
  EXPECT_EQ(packets_of("web"), 100U);
  follow();
  EXPECT_EQ(packets_of("web"), 100U);
  datapath_->service(0, id("web")).packets = 4;
  datapath_->backend(0, index("web", "a")).packets = 4;
  datapath_->worker(0).exits[GW_EXIT_SENT] = 4;
  follow();
  EXPECT_EQ(packets_of("web"), 104U);
  EXPECT_EQ(packets_to("web", "a"), 104U);
  EXPECT_EQ(totals_.workers().at(0).counters.total().exits[GW_EXIT_SENT], 104U);
}

TEST_F(CounterTotalsTest, AnAddressThatGoesTakesNothingAway) {
  adopt(service("web", "\"192.0.2.1\", \"192.0.2.2\"", one_backend));
  datapath_->service(0, id("web", 0)).packets = 10;
  datapath_->service(0, id("web", 1)).packets = 20;
  follow();
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  EXPECT_EQ(packets_of("web"), 30U);
}

TEST_F(CounterTotalsTest, AnAddressThatMovesTakesNoPastWithIt) {
  adopt(service("web", "\"192.0.2.1\"", one_backend) + service("api", "\"192.0.2.2\"", one_backend));
  datapath_->service(0, id("web")).packets = 10;
  follow();
  adopt(service("web", "\"192.0.2.3\"", one_backend) + service("api", "\"192.0.2.2\", \"192.0.2.1\"", one_backend));
  EXPECT_EQ(packets_of("web"), 10U);
  EXPECT_EQ(packets_of("api"), 0U);
}

TEST_F(CounterTotalsTest, AnIndexThatCountedForAnotherBeginsAtNothing) {
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  datapath_->backend(0, 1).packets = 50;
  adopt(service("web", "\"192.0.2.1\"", one_backend + ", { name = \"b\", address = \"10.0.0.2\" }"));
  ASSERT_EQ(index("web", "b"), 1U);
  EXPECT_EQ(packets_to("web", "b"), 0U);
}

TEST_F(CounterTotalsTest, TheHighestOccupancyStays) {
  adopt(service("web", "\"192.0.2.1\"", one_backend));
  datapath_->worker(0).flows_remembered = 900;
  totals_.note_occupancy(*CountersView::over(datapath_->counters()));
  datapath_->worker(0).flows_remembered = 3;
  follow();
  EXPECT_EQ(totals_.workers().at(0).flows_highest, 900U);
}

}  // namespace
}  // namespace guideway
