// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/xdp/driver.hh"

#include <bpf/bpf.h>
#include <driver.skel.h>
#include <linux/bpf.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace guideway::bench {

Result<std::unique_ptr<Driver>> Driver::load() {
  gw_bench_driver* skeleton = gw_bench_driver__open();
  if (skeleton == nullptr) return failure(std::string("the driver cannot be opened: ") + std::strerror(errno));
  // As the balancer's own (dataplane/xdp/program.cc): the kernel lets only programs alike call each other.
  for (bpf_program* each : {skeleton->progs.drive, skeleton->progs.only_pass, skeleton->progs.only_move_head})
    bpf_program__set_expected_attach_type(each, static_cast<bpf_attach_type>(0));
  if (gw_bench_driver__load(skeleton) != 0) {
    const int error = errno;
    gw_bench_driver__destroy(skeleton);
    return failure(std::string("the driver cannot be loaded: ") + std::strerror(error));
  }
  skeleton->bss->tally.random_state = 1;
  return std::unique_ptr<Driver>(new Driver(skeleton));
}

Driver::~Driver() { gw_bench_driver__destroy(skeleton_); }

int Driver::pass_fd() const noexcept { return bpf_program__fd(skeleton_->progs.only_pass); }
int Driver::move_head_fd() const noexcept { return bpf_program__fd(skeleton_->progs.only_move_head); }

Result<void> Driver::aim(int program_fd) const {
  const std::uint32_t first = 0;
  if (bpf_map_update_elem(bpf_map__fd(skeleton_->maps.programs), &first, &program_fd, BPF_ANY) == 0) return {};
  return failure(std::string("the driver cannot call the program: ") + std::strerror(errno));
}

Result<void> Driver::check(const gw_bench_plan& plan) const {
  const gw_bench_tally& tally = skeleton_->bss->tally;
  if (tally.packets != packets_)
    return failure(std::to_string(tally.packets) + " packets were driven instead of " + std::to_string(packets_));
  if (tally.others == 0) return {};
  return failure(std::to_string(tally.others) + " of " + std::to_string(packets_) +
                 " packets became something else than action " + std::to_string(plan.expected_action) + " and " +
                 std::to_string(plan.expected_growth) + " bytes more; the last one action " +
                 std::to_string(tally.last_action) + " and " + std::to_string(tally.last_growth));
}

Result<double> Driver::run(int program_fd, const gw_bench_plan& plan, std::uint64_t packets) {
  if (auto aimed = aim(program_fd); !aimed) return failure_of(aimed);
  skeleton_->bss->plan = plan;
  gw_bench_tally& tally = skeleton_->bss->tally;
  tally.packets = tally.others = tally.next_flow = 0;

  std::array<std::byte, sizeof plan.frame> frame{};
  std::memcpy(frame.data(), plan.frame, sizeof plan.frame);
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = plan.is_ipv6 != 0 ? GW_BENCH_IPV6_FRAME_BYTES : GW_BENCH_IPV4_FRAME_BYTES;
  run.repeat = static_cast<int>((packets + GW_BENCH_PACKETS_A_RUN - 1) / GW_BENCH_PACKETS_A_RUN);
  packets_ = static_cast<std::uint64_t>(run.repeat) * GW_BENCH_PACKETS_A_RUN;
  if (bpf_prog_test_run_opts(bpf_program__fd(skeleton_->progs.drive), &run) != 0)
    return failure(std::string("the kernel does not run the driver: ") + std::strerror(errno));
  if (auto checked = check(plan); !checked) return failure_of(checked);
  return static_cast<double>(run.duration) / GW_BENCH_PACKETS_A_RUN;
}

}  // namespace guideway::bench
