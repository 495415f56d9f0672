// SPDX-License-Identifier: Apache-2.0
#include "controlplane/health/grpc_health.hh"

#include <gtest/gtest.h>

namespace guideway {
namespace {

std::string framed(const std::string& message) {
  return std::string{'\0', '\0', '\0', '\0', static_cast<char>(message.size())} + message;
}

TEST(GrpcHealth, Request) {
  EXPECT_EQ(grpc_health_request(""), framed(""));
  EXPECT_EQ(grpc_health_request("shop"), framed("\x0a\x04shop"));
  const std::string name(200, 'x');
  EXPECT_EQ(grpc_health_request(name), std::string("\0\0\0\0\xcb", 5) + "\x0a\xc8\x01" + name);
}

TEST(GrpcHealth, Status) {
  EXPECT_EQ(grpc_health_status(framed("")), 0u);
  EXPECT_EQ(grpc_health_status(framed("\x08\x01")), 1u);
  EXPECT_EQ(grpc_health_status(framed("\x12\x02hi\x08\x02")), 2u) << "fields of a later version";
  EXPECT_EQ(grpc_health_name(2), "NOT_SERVING");
  EXPECT_EQ(grpc_health_name(7), "status 7");
  EXPECT_EQ(grpc_status_name("5"), "5 NOT_FOUND");
  EXPECT_EQ(grpc_status_name("99"), "99");
  EXPECT_EQ(grpc_status_name("5\x1b\xff"), "5..");
}

TEST(GrpcHealth, WhatIsMalformedIsNoStatus) {
  const std::string whole = framed("\x08\x01");
  for (std::size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(grpc_health_status(whole.substr(0, length))) << length;
  EXPECT_FALSE(grpc_health_status(whole + "x"));
  EXPECT_FALSE(grpc_health_status("\x01" + whole.substr(1))) << "compressed";
  EXPECT_FALSE(grpc_health_status(framed("\x08")));
  EXPECT_FALSE(grpc_health_status(framed("\x12\x7f")));
  EXPECT_FALSE(grpc_health_status(framed("\x0b")));
  EXPECT_FALSE(grpc_health_status(framed(std::string(12, '\xff'))));
}

}  // namespace
}  // namespace guideway
