// SPDX-License-Identifier: Apache-2.0
#include "controlplane/datapath/xdp_features.hh"

#include <linux/genetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include <memory>

namespace guideway {
namespace {

// linux/netdev.h, which headers before Linux 6.3 have not.
constexpr const char* netdev_family = "netdev";
constexpr std::uint8_t netdev_cmd_dev_get = 1;
constexpr int netdev_a_dev_ifindex = 1;
constexpr int netdev_a_dev_xdp_features = 3;

struct Free {
  void operator()(nl_sock* socket) const noexcept { nl_socket_free(socket); }
  void operator()(nl_msg* message) const noexcept { nlmsg_free(message); }
};

// One question about one attribute of the answer.
struct Wanted {
  int attribute = 0;
  std::optional<std::uint64_t> value;
};

int take_attribute(nl_msg* message, void* argument) {
  auto* wanted = static_cast<Wanted*>(argument);
  nlmsghdr* header = nlmsg_hdr(message);
  const nlattr* found = nlmsg_find_attr(header, GENL_HDRLEN, wanted->attribute);
  if (found == nullptr) return NL_OK;
  wanted->value = nla_len(found) >= 8 ? nla_get_u64(found) : nla_get_u16(found);
  return NL_OK;
}

std::optional<std::uint64_t> ask(nl_sock* socket, nl_msg* question, int attribute) {
  Wanted wanted{attribute, {}};
  nl_socket_modify_cb(socket, NL_CB_VALID, NL_CB_CUSTOM, take_attribute, &wanted);
  if (nl_send_auto(socket, question) < 0) return std::nullopt;
  // The answer, and then the acknowledgement.
  if (nl_recvmsgs_default(socket) < 0 || nl_wait_for_ack(socket) < 0) return std::nullopt;
  return wanted.value;
}

std::unique_ptr<nl_msg, Free> make_question(std::uint16_t family, std::uint8_t command, std::uint8_t version) {
  std::unique_ptr<nl_msg, Free> question(nlmsg_alloc_simple(family, 0));
  genlmsghdr header{};
  header.cmd = command;
  header.version = version;
  if (question && nlmsg_append(question.get(), &header, sizeof header, NLMSG_ALIGNTO) != 0) question.reset();
  return question;
}

}  // namespace

std::optional<std::uint64_t> xdp_features_of(std::uint32_t interface_index) {
  const std::unique_ptr<nl_sock, Free> socket(nl_socket_alloc());
  if (!socket || nl_connect(socket.get(), NETLINK_GENERIC) != 0) return std::nullopt;
  const auto family_question = make_question(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);
  if (!family_question || nla_put_string(family_question.get(), CTRL_ATTR_FAMILY_NAME, netdev_family) != 0)
    return std::nullopt;
  const auto family = ask(socket.get(), family_question.get(), CTRL_ATTR_FAMILY_ID);
  if (!family) return std::nullopt;
  const auto question = make_question(static_cast<std::uint16_t>(*family), netdev_cmd_dev_get, 1);
  if (!question || nla_put_u32(question.get(), netdev_a_dev_ifindex, interface_index) != 0) return std::nullopt;
  return ask(socket.get(), question.get(), netdev_a_dev_xdp_features);
}

}  // namespace guideway
