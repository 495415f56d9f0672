// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/pcap_port.hh"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "tests/unit/dataplane/ports/filled_frame.hh"

namespace guideway {
namespace {

std::string fresh_path(const std::string& name) { return testing::TempDir() + "guideway_pcap_" + name; }

void round_trip(PcapPrecision precision, std::uint64_t time_ns, std::uint64_t expected_ns) {
  const std::string path = fresh_path("round_trip.pcap");
  auto writer = PcapWriter::create(path, precision);
  ASSERT_TRUE(writer) << writer.error().message;
  ASSERT_TRUE(writer->write(time_ns, filled_frame(60, 1)));
  ASSERT_TRUE(writer->write(time_ns + 5'000, filled_frame(9000, 2)));
  ASSERT_TRUE(writer->finish());

  auto reader = PcapReader::open(path);
  ASSERT_TRUE(reader) << reader.error().message;
  auto first = reader->next();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->time_ns, expected_ns);
  EXPECT_EQ((*first)->bytes.size(), 60U);
  auto second = reader->next();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->time_ns, expected_ns + 5'000);
  EXPECT_EQ((*second)->bytes.size(), 9000U);
  EXPECT_EQ((*second)->bytes[8999], static_cast<std::byte>(2));
  auto end = reader->next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
  std::remove(path.c_str());
}

TEST(PcapPort, KeepsNanoseconds) {
  round_trip(PcapPrecision::nanoseconds, 1'700'000'000'123'456'789, 1'700'000'000'123'456'789);
}

TEST(PcapPort, KeepsMicroseconds) {
  round_trip(PcapPrecision::microseconds, 1'700'000'000'123'456'789, 1'700'000'000'123'456'000);
}

TEST(PcapPort, NamesAFileThatIsNotThere) {
  const auto reader = PcapReader::open("/nonexistent/in.pcap");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().message, "cannot open capture \"/nonexistent/in.pcap\": No such file or directory");
  const auto writer = PcapWriter::create("/nonexistent/out.pcap");
  ASSERT_FALSE(writer);
  EXPECT_NE(writer.error().message.find("/nonexistent/out.pcap"), std::string::npos);
}

TEST(PcapPort, RefusesWhatIsNoCapture) {
  const std::string path = fresh_path("noise.pcap");
  std::ofstream(path) << "this is no capture, but long enough to be one";
  const auto reader = PcapReader::open(path);
  ASSERT_FALSE(reader);
  EXPECT_NE(reader.error().message.find("cannot read capture"), std::string::npos);
  std::remove(path.c_str());
}

TEST(PcapPort, SaysAfterWhichFrameAFileIsCutOff) {
  const std::string path = fresh_path("cut.pcap");
  auto writer = PcapWriter::create(path);
  ASSERT_TRUE(writer);
  ASSERT_TRUE(writer->write(1, filled_frame(60, 1)));
  ASSERT_TRUE(writer->write(2, filled_frame(60, 2)));
  ASSERT_TRUE(writer->finish());
  ASSERT_EQ(::truncate(path.c_str(), 24 + 16 + 60 + 16 + 10), 0);

  auto reader = PcapReader::open(path);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->next());
  const auto broken = reader->next();
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("after frame 1"), std::string::npos) << broken.error().message;
  std::remove(path.c_str());
}

TEST(PcapPort, AFullDiskIsNoticed) {
  auto writer = PcapWriter::create("/dev/full");
  if (!writer) return;  // noticed even earlier
  bool failed = false;
  for (int i = 0; i < 100 && !failed; ++i) failed = !writer->write(1, filled_frame(9000, 1));
  if (!failed) failed = !writer->finish();
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace guideway
