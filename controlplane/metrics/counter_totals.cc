// SPDX-License-Identifier: Apache-2.0
#include "controlplane/metrics/counter_totals.hh"

#include <algorithm>
#include <cstring>

namespace guideway {
namespace {

template <typename Block>
std::array<std::uint64_t, BlockTotal<Block>::words> words_of(const Block& block) {
  std::array<std::uint64_t, BlockTotal<Block>::words> words{};
  std::memcpy(words.data(), &block, sizeof block);
  return words;
}

}  // namespace

template <typename Block>
void BlockTotal<Block>::add(const Block& now) {
  const auto seen = words_of(now);
  const auto last = words_of(last_);
  auto sum = words_of(total_);
  for (std::size_t i = 0; is_begun_ && i < words; ++i) {
    // Less than before: a datapath that began at zero since.
    sum.at(i) += seen.at(i) >= last.at(i) ? seen.at(i) - last.at(i) : seen.at(i);
  }
  std::memcpy(&total_, sum.data(), sizeof total_);
  last_ = now;
  is_begun_ = true;
}

template class BlockTotal<gw_service_counters>;
template class BlockTotal<gw_backend_counters>;
template class BlockTotal<gw_worker_counters>;

gw_service_counters CounterTotals::Service::total() const noexcept {
  gw_service_counters sum = gone;
  for (const auto& [id, block] : by_id) {
    sum.packets += block.total().packets;
    sum.bytes += block.total().bytes;
  }
  return sum;
}

void CounterTotals::follow(const Ledger& ledger, const std::vector<ServiceConfig>& services,
                           const CountersView* counters) {
  follow_services(ledger, services, counters);
  follow_backends(ledger, counters);
  if (counters == nullptr) return;
  workers_.resize(std::max<std::size_t>(workers_.size(), counters->worker_count()));
  for (std::uint32_t number = 0; number < counters->worker_count(); ++number)
    workers_[number].counters.add(counters->worker(number));
  note_occupancy(*counters);
}

void CounterTotals::follow_services(const Ledger& ledger, const std::vector<ServiceConfig>& services,
                                    const CountersView* counters) {
  std::map<std::string, Service> followed;
  for (const ServiceConfig& config : services) {
    const auto known = services_.find(config.name);
    Service before = known == services_.end() ? Service{} : std::move(known->second);
    Service service;
    service.gone = before.gone;
    for (const std::uint32_t id : ledger.service_ids(config)) {
      const auto same = before.by_id.find(id);
      auto& block = service.by_id[id];
      if (same != before.by_id.end()) block = same->second;
      if (same != before.by_id.end()) before.by_id.erase(same);
      if (counters != nullptr) block.add(counters->service(id));
    }
    before.gone = {};
    const gw_service_counters left = before.total();
    service.gone.packets += left.packets;
    service.gone.bytes += left.bytes;
    followed.emplace(config.name, std::move(service));
  }
  services_ = std::move(followed);
}

void CounterTotals::follow_backends(const Ledger& ledger, const CountersView* counters) {
  for (auto each = backends_.begin(); each != backends_.end();)
    each = ledger.find(each->first) == nullptr ? backends_.erase(each) : std::next(each);
  for (const auto& [key, record] : ledger.backends()) {
    Backend& backend = backends_[key];
    if (backend.index != record.index) backend.counters.restart();
    backend.index = record.index;
    if (counters != nullptr) backend.counters.add(counters->backend(record.index));
  }
}

void CounterTotals::note_occupancy(const CountersView& counters) {
  workers_.resize(std::max<std::size_t>(workers_.size(), counters.worker_count()));
  for (std::uint32_t number = 0; number < counters.worker_count(); ++number)
    workers_[number].flows_highest =
        std::max<std::uint64_t>(workers_[number].flows_highest, counters.worker(number).flows_remembered);
}

}  // namespace guideway
