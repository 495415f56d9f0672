// SPDX-License-Identifier: Apache-2.0
// What a kernel that refuses is told in: one sentence each, with the remedy.
#include "dataplane/xdp/kernel_support.hh"

#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>

namespace guideway {
namespace {

TEST(KernelSupport, EveryRefusalIsOneSentenceWithTheRemedy) {
  const struct {
    KernelSupport support;
    const char* sentence;
  } rows[] = {
      {{"6.1.0", EPERM, {}},
       "the kernel refuses BPF: Operation not permitted; run it as root, or with CAP_BPF, CAP_NET_ADMIN and "
       "CAP_PERFMON"},
      {{"6.1.0", EACCES, {}},
       "the kernel refuses BPF: Permission denied; run it as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"},
      {{"4.4.0", EINVAL, {}},
       "this kernel (Linux 4.4.0) has no XDP; take one with CONFIG_BPF_SYSCALL, of Linux 5.18 or newer"},
      {{"6.1.0", ENOSYS, {}},
       "this kernel (Linux 6.1.0) has no XDP; take one with CONFIG_BPF_SYSCALL, of Linux 5.18 or newer"},
      {{"6.1.0", ENOMEM, {}}, "the kernel does not load an XDP program: Cannot allocate memory"},
      {{"5.10.0", 0, {"bpf_loop (Linux 5.17)", "bpf_xdp_load_bytes (Linux 5.18)"}},
       "this kernel (Linux 5.10.0) is too old, it has no bpf_loop (Linux 5.17), bpf_xdp_load_bytes (Linux 5.18); take "
       "Linux 5.18 or newer"},
  };
  for (const auto& row : rows) EXPECT_EQ(complaint_of(row.support).value_or(""), row.sentence);
  EXPECT_FALSE(complaint_of({"6.1.0", 0, {}}));
}

TEST(KernelSupport, AttachingFailsForAReason) {
  EXPECT_EQ(attach_reason(EOPNOTSUPP), "its driver has none");
  for (const int error : {ERANGE, EINVAL})
    EXPECT_NE(attach_reason(error).find("too big for native XDP, which takes about 3,500 bytes: ip link set dev"),
              std::string::npos);
  EXPECT_NE(attach_reason(ENOSPC).find("ethtool -L"), std::string::npos);
  EXPECT_NE(attach_reason(EPERM).find("CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON"), std::string::npos);
  EXPECT_NE(attach_reason(EBUSY).find("take that off first"), std::string::npos);
}

// The kernel that runs this test, which is new enough for everything else in this tree.
TEST(KernelSupport, AsksTheKernel) {
  const KernelSupport support = ask_kernel();
  utsname name{};
  ASSERT_EQ(::uname(&name), 0);
  EXPECT_EQ(support.release, name.release);
  if (support.load_error != 0) GTEST_SKIP() << complaint_of(support).value_or("");
  EXPECT_TRUE(support.missing.empty()) << support.missing.front();
}

}  // namespace
}  // namespace guideway
