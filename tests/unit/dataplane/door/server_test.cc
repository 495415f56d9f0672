// SPDX-License-Identifier: Apache-2.0
// The door's socket: who gets in, who does not, and what is left behind.
#include "dataplane/door/server.hh"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "dataplane/door/packet_socket.hh"
#include "tests/support/fake_datapath.hh"
#include "tests/unit/dataplane/door/messages_of_test.hh"

namespace guideway::door {
namespace {

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "guideway_door_XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
    path = directory + "/sub/door.sock";
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  UniqueFd connect() const {
    UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  std::string directory;
  std::string path;
};

// A server on a thread of its own.
class Served {
 public:
  explicit Served(Listener listener, std::chrono::milliseconds patience = std::chrono::seconds(5))
      : server_(
            std::move(listener), datapath_,
            [this](Event event, std::string_view) { ++events_[static_cast<std::size_t>(event)]; }, patience),
        thread_([this] { server_.run(); }) {}
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;
  ~Served() {
    server_.stop();
    thread_.join();
  }
  [[nodiscard]] int count(Event event) const { return events_[static_cast<std::size_t>(event)]; }

 private:
  testing_support::FakeDatapath datapath_;
  std::array<std::atomic<int>, 4> events_{};
  Server server_;
  std::thread thread_;
};

IncomingMessage answer_to(int fd) {
  pollfd watched{fd, POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
  IncomingMessage message;
  if (receive_message(fd, message) == Received::closed) message.length_bytes = 0;
  return message;
}

std::span<const std::byte> bytes_in(const IncomingMessage& message) {
  return std::span(message.bytes).first(message.length_bytes);
}

TEST_F(ServerTest, HandsOutTheMemoryToTheFirstAndRefusesTheSecond) {
  auto listener = Listener::open(path);
  ASSERT_TRUE(listener) << listener.error().message;
  const Served served(std::move(*listener));
  {
    const UniqueFd first = connect();
    ASSERT_TRUE(send_message(first.get(), bytes_of(hello()), {}));
    const IncomingMessage welcome = answer_to(first.get());
    EXPECT_EQ(welcome.length_bytes, sizeof(Welcome));
    EXPECT_EQ(welcome.fds.size(), 3U);

    const UniqueFd second = connect();
    const IncomingMessage refused = answer_to(second.get());
    EXPECT_EQ(reason_of(bytes_in(refused)), "another controller is connected (process 4242); one at a time");
    EXPECT_EQ(answer_to(second.get()).length_bytes, 0U);  // and it is closed
  }
  // The first is gone: there is room again, at the latest after a few tries.
  for (int tries = 0;; ++tries) {
    const UniqueFd next = connect();
    static_cast<void>(send_message(next.get(), bytes_of(hello()), {}));
    if (answer_to(next.get()).length_bytes == sizeof(Welcome)) break;
    ASSERT_LT(tries, 1000);
  }
  EXPECT_GE(served.count(Event::controller_joined), 2);
}

TEST_F(ServerTest, WhoSaysNothingDoesNotKeepOthersOut) {
  const Served served(std::move(*Listener::open(path)), std::chrono::milliseconds(500));
  const UniqueFd silent = connect();
  EXPECT_EQ(reason_of(bytes_in(answer_to(silent.get()))), "no Hello came within 500 ms");
  const UniqueFd next = connect();
  ASSERT_TRUE(send_message(next.get(), bytes_of(hello()), {}));
  EXPECT_EQ(answer_to(next.get()).length_bytes, sizeof(Welcome));
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));
  // Once it has said hello, it may be silent for as long as it likes.
  ASSERT_TRUE(send_message(next.get(), bytes_of(request<TableOffer>()), {}));
  EXPECT_NE(reason_of(bytes_in(answer_to(next.get()))).find("memory is empty"), std::string::npos);
}

TEST_F(ServerTest, TooLongAMessageIsRefused) {
  const Served served(std::move(*Listener::open(path)));
  const UniqueFd fd = connect();
  const std::vector<std::byte> much(message_bytes_max + 1);
  ASSERT_TRUE(send_message(fd.get(), much, {}));
  EXPECT_EQ(reason_of(bytes_in(answer_to(fd.get()))), "message is longer than 4096 bytes");
}

TEST_F(ServerTest, NonsenseEndsTheConnectionAndNothingElse) {
  const Served served(std::move(*Listener::open(path)));
  for (int i = 0; i < 50; ++i) {
    const UniqueFd fd = connect();
    const std::vector<std::byte> nonsense(static_cast<std::size_t>(i) * 7 + 1, std::byte{0x5a});
    ASSERT_TRUE(send_message(fd.get(), nonsense, std::vector<int>(static_cast<std::size_t>(i % 9), fd.get())));
    answer_to(fd.get());
  }
  for (int tries = 0;; ++tries) {
    const UniqueFd fd = connect();
    static_cast<void>(send_message(fd.get(), bytes_of(hello()), {}));
    if (answer_to(fd.get()).length_bytes == sizeof(Welcome)) break;
    ASSERT_LT(tries, 1000);
  }
}

TEST_F(ServerTest, TheSocketIsTheGroupsAndGoesWithItsOwner) {
  {
    const auto listener = Listener::open(path);
    ASSERT_TRUE(listener);
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_TRUE(S_ISSOCK(status.st_mode));
    EXPECT_EQ(status.st_mode & 0777U, 0660U);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ServerTest, AnotherDatapathsSocketIsLeftAlone) {
  const auto first = Listener::open(path);
  ASSERT_TRUE(first);
  const auto second = Listener::open(path);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("is in use"), std::string::npos) << second.error().message;
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(ServerTest, ASocketThatNobodyServesIsReplaced) {
  std::filesystem::create_directories(directory + "/sub");
  {
    const UniqueFd dead(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    ASSERT_EQ(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  EXPECT_TRUE(Listener::open(path));
}

TEST_F(ServerTest, AFileThatIsNoSocketIsNotReplaced) {
  std::filesystem::create_directories(directory + "/sub");
  std::ofstream(path) << "precious";
  const auto listener = Listener::open(path);
  ASSERT_FALSE(listener);
  EXPECT_NE(listener.error().message.find("no socket"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(path), 8U);
}

TEST_F(ServerTest, PathsThatCannotBe) {
  EXPECT_FALSE(Listener::open(""));
  EXPECT_FALSE(Listener::open(directory + "/" + std::string(200, 'x')));
  EXPECT_FALSE(Listener::open("/proc/nowhere/door.sock"));
}

}  // namespace
}  // namespace guideway::door
