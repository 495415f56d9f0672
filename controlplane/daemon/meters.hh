// SPDX-License-Identifier: Apache-2.0
// What the daemon measures for Prometheus, and the answer to a scrape. The numbers are copied on the daemon's thread
// and made into text on another, so that 100,000 backends do not hold up a check; scrapes that come meanwhile get the
// same text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include "controlplane/api/operations.hh"
#include "controlplane/daemon/observe.hh"
#include "controlplane/metrics/check_tally.hh"
#include "controlplane/metrics/counter_totals.hh"
#include "controlplane/metrics/facts.hh"
#include "controlplane/publish/door_client.hh"

namespace guideway {

class Meters {
 public:
  explicit Meters(boost::asio::io_context& io);
  Meters(const Meters&) = delete;
  Meters& operator=(const Meters&) = delete;
  ~Meters();

  // After the ledger has changed, and before a door closes.
  void follow(const Ledger& ledger, const Config& config, const CountersView* counters);
  void every_second(const CountersView* counters);
  void door_opened(const Ledger& ledger, const Config& config, const CountersView& counters);
  void published(PublishOutcome outcome);
  // `number`: of several checks, which.
  void checked(const HealthBoard::Entry& entry, std::size_t number, const ProbeResult& result);

  void scrape(const Observed& observed, Operations::Respond respond);

 private:
  [[nodiscard]] MetricFacts collect(const Observed& observed) const;
  void finish(const std::string& text);

  boost::asio::io_context& io_;
  CounterTotals totals_;
  CheckTally checks_;
  std::uint64_t accepted_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t connections_ = 0;
  double started_at_s_;
  std::vector<Operations::Respond> waiting_;  // for the text that is being made
  boost::asio::thread_pool writer_{1};
};

}  // namespace guideway
