// SPDX-License-Identifier: Apache-2.0
#include "dataplane/xdp/snapshot_maps.hh"

#include <algorithm>

namespace guideway {
namespace {

// The row as one of `worker_count` workers goes by it.
gw_service row_of_worker(const gw_service& row, std::uint32_t worker_count) {
  gw_service own = row;
  own.flow_rate = gw_share_of_limit(row.flow_rate, worker_count);
  own.flow_burst = gw_share_of_limit(row.flow_burst, worker_count);
  own.source_flow_rate = gw_share_of_limit(row.source_flow_rate, worker_count);
  own.source_flow_burst = gw_share_of_limit(row.source_flow_burst, worker_count);
  return own;
}

bool is_guarded(const gw_service& row) {
  return row.access_list != 0 || row.flow_rate != 0 || row.source_flow_rate != 0;
}

}  // namespace

Result<SnapshotMaps> SnapshotMaps::create(XdpProgram& program) {
  const auto grace_period = GracePeriod::create();
  if (!grace_period) return failure_of(grace_period);
  SnapshotMaps maps(program, *grace_period);
  if (program.is_successor()) maps.adopt();
  return maps;
}

void SnapshotMaps::adopt() {
  side_ = program_->control().side & 1U;
  tables_.adopt();
  for (SideMaps& side : sides_) side.adopt();
  // It may have died while it filled the other side.
  sides_[1 - side_].clear();
}

Result<void> SnapshotMaps::publish(const Snapshot& snapshot) {
  const std::uint32_t next_side = 1 - side_;
  if (auto filled = fill(snapshot, next_side); !filled) {
    sides_[next_side].clear();
    tables_.keep_only(published_tables_);
    return filled;
  }
  volatile gw_xdp_control& control = program_->control();
  describe(snapshot, control.generations[next_side]);
  __atomic_store_n(&control.side, next_side, __ATOMIC_RELEASE);
  side_ = next_side;
  const auto ids = snapshot.table_ids();
  published_tables_ = {ids.begin(), ids.end()};
  if (const auto waited = grace_period_.wait(); !waited) return failure_of(waited);
  sides_[1 - side_].clear();
  tables_.keep_only(published_tables_);
  tables_.give_up_adopted();
  return {};
}

Result<void> SnapshotMaps::fill(const Snapshot& snapshot, std::uint32_t side) {
  sides_[side].clear();
  if (auto added = tables_.add(snapshot); !added) return added;
  if (auto added = add_services(snapshot, sides_[side]); !added) return added;
  if (auto added = sides_[side].add(snapshot.access_prefixes()); !added) return added;
  fill_backends(snapshot.backends().all(), side);
  return {};
}

void SnapshotMaps::fill_backends(std::span<const gw_backend> backends, std::uint32_t side) {
  const std::span<gw_backend> rows = program_->backends(side);
  std::copy(backends.begin(), backends.end(), rows.begin());
  // What this side had beyond them; the rest is empty.
  const auto gone = rows.first(std::max(backends_filled_[side], backends.size())).subspan(backends.size());
  std::fill(gone.begin(), gone.end(), gw_backend{});
  backends_filled_[side] = backends.size();
}

void SnapshotMaps::describe(const Snapshot& snapshot, volatile gw_xdp_generation& generation) const {
  generation.hash_key.k0 = snapshot.hash_key().k0;
  generation.hash_key.k1 = snapshot.hash_key().k1;
  generation.features = sides_[1 - side_].features();
  generation.echo_to_kernel = snapshot.answers_echo() ? 0 : 1;
  const gw_answer_rates& rates = snapshot.answer_rates();
  // Not that of any generation before: by it a CPU knows whether a service that it met is still one.
  generation.serial = program_->control().generations[side_].serial + 1;
  generation.answer_rates[GW_XDP_ECHO] = gw_share_of_limit(rates.echo, program_->worker_count());
  generation.answer_rates[GW_XDP_TOO_BIG] = gw_share_of_limit(rates.too_big, program_->worker_count());
  generation.answer_rates[GW_XDP_REJECT] = gw_share_of_limit(rates.reject, program_->worker_count());
}

Result<void> SnapshotMaps::add_services(const Snapshot& snapshot, SideMaps& side) {
  const auto ids = snapshot.table_ids();
  for (const Service& service : snapshot.services().all()) {
    gw_xdp_service row{};
    row.row = row_of_worker(service.row, program_->worker_count());
    row.table_handle = tables_.handle_of(ids[service.row.table]);
    row.slot_count = service.slot_count;
    row.is_guarded = is_guarded(service.row) ? 1 : 0;
    if (auto added = side.add(row); !added) return added;
  }
  return {};
}

}  // namespace guideway
