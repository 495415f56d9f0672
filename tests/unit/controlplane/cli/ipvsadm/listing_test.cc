// SPDX-License-Identifier: Apache-2.0
// Tables with numbers in them. The same numbers, handed to ipvsadm 1.31 in place of a kernel's, gave the same lines.
#include "controlplane/cli/ipvsadm/listing.hh"

#include <gtest/gtest.h>

namespace guideway::ipvsadm {
namespace {

using nlohmann::json;

const VirtualTable& table_to_list() {
  static const VirtualTable one(json::parse(R"({
    "service": [{"name": "web", "addresses": ["192.0.2.10"], "port": 80, "protocol": "tcp", "pool": "web",
                 "scheduler": "least-connections", "table_slots": 251}],
    "pool": [{"name": "web", "backends": [
      {"name": "b1", "address": "10.0.0.1", "weight": 100, "forward": "l2", "state": "enabled"},
      {"name": "b2", "address": "10.0.0.2", "weight": 3, "forward": "l2", "state": "draining"}]}]})"));
  return one;
}

Counters counters() {
  return {json::parse(R"({"services": [{"name": "web", "pool": "web", "packets": 1234567890, "bytes": 99999999}]})"),
          json::parse(R"({"backends": [
            {"pool": "web", "name": "b1", "index": 1, "opened": 3, "packets": 123456789, "bytes": 123456789012,
             "remembered": 15},
            {"pool": "web", "name": "b2", "index": 2, "opened": 4, "packets": 2, "bytes": 123456789012345,
             "remembered": 2}]})"),
          json::parse(R"({"connected": true, "process_id": 1})")};
}

std::string listed(List list) {
  list.is_numeric = true;
  return list_text(table_to_list(), counters(), list).value_or("refused");
}

TEST(IpvsadmListing, Plain) {
  EXPECT_EQ(listed({}),
            "IP Virtual Server version 1.2.1 (size=251)\n"
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "TCP  192.0.2.10:80 wlc\n"
            "  -> 10.0.0.1:80                  Route   100    15         0         \n"
            "  -> 10.0.0.2:80                  Route   0      2          0         \n");
}

TEST(IpvsadmListing, Statistics) {
  List list;
  list.columns = Columns::statistics;
  EXPECT_EQ(listed(list),
            "IP Virtual Server version 1.2.1 (size=251)\n"
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.10:80                       7    1234M        0 99999999        0\n"
            "  -> 10.0.0.1:80                         3  123456K        0     123G        0\n"
            "  -> 10.0.0.2:80                         4        2        0     123T        0\n");
  list.is_exact = true;
  EXPECT_EQ(listed(list),
            "IP Virtual Server version 1.2.1 (size=251)\n"
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.10:80                       7 1234567890        0 99999999        0\n"
            "  -> 10.0.0.1:80                         3 123456789        0 123456789012        0\n"
            "  -> 10.0.0.2:80                         4        2        0 123456789012345        0\n");
}

TEST(IpvsadmListing, PacketsOfAServerAreNotCutInRates) {
  List list;
  list.columns = Columns::rates;
  EXPECT_EQ(listed(list),
            "IP Virtual Server version 1.2.1 (size=251)\n"
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.10:80                       7    1234M        0 99999999        0\n"
            "  -> 10.0.0.1:80                         3 123456789        0     123G        0\n"
            "  -> 10.0.0.2:80                         4        2        0     123T        0\n");
}

TEST(IpvsadmListing, NumbersAreCutWhereIpvsadmCutsThem) {
  EXPECT_EQ(large_number(99'999'999, false), " 99999999");
  EXPECT_EQ(large_number(100'000'000, false), "  100000K");
  EXPECT_EQ(large_number(999'999'999, false), "  999999K");
  EXPECT_EQ(large_number(1'000'000'000, false), "    1000M");
  EXPECT_EQ(large_number(99'999'999'999, false), "   99999M");
  EXPECT_EQ(large_number(100'000'000'000, false), "     100G");
  EXPECT_EQ(large_number(99'999'999'999'999, false), "   99999G");
  EXPECT_EQ(large_number(100'000'000'000'000, false), "     100T");
  EXPECT_EQ(large_number(123, true), "      123");
}

}  // namespace
}  // namespace guideway::ipvsadm
