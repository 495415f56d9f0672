// SPDX-License-Identifier: Apache-2.0
// Clients that are slow, many, dead or too loud, and one that only wants its answer.
#include <poll.h>
#include <sys/resource.h>

#include <chrono>

#include "tests/unit/controlplane/api/http_fixture.hh"

namespace guideway {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class HttpBoundsTest : public HttpServerTest {
 protected:
  // That somebody is answered, and long before those who keep silent are hung up on.
  void expect_prompt() {
    const auto began = steady_clock::now();
    EXPECT_EQ(ask(path_, "GET", "/v1/status").status, 200);
    EXPECT_LT(steady_clock::now() - began, milliseconds(10'000));
  }
  static bool is_hung_up_on(const UniqueFd& fd) {
    pollfd one{fd.get(), POLLIN, 0};
    char byte = 0;
    return ::poll(&one, 1, 0) == 1 && ::recv(fd.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }
};

// A thousand clients and their server in one process are more than the 1,024 files that a login usually has.
void raise_limit_of_open_files() {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0);
}

TEST_F(HttpBoundsTest, AThousandIdleClientsKeepNobodyOut) {
  raise_limit_of_open_files();
  start({1024, std::chrono::seconds(30), 64});
  std::vector<UniqueFd> idle;
  for (int i = 0; i < 1000; ++i) {
    idle.push_back(connect_to(path_));
    ASSERT_TRUE(idle.back()) << i;
  }
  expect_prompt();
  std::size_t closed = 0;
  for (const UniqueFd& fd : idle) closed += is_hung_up_on(fd) ? 1 : 0;
  EXPECT_GE(closed, 1000U - 64U) << "the oldest made room";
}

TEST_F(HttpBoundsTest, ClientsThatDripTheirRequestsAreHungUpOnInTime) {
  start({1024, std::chrono::seconds(1), 128});
  std::vector<UniqueFd> slow;
  for (int i = 0; i < 64; ++i) slow.push_back(connect_to(path_));
  const std::string request = "GET /v1/status HTTP/1.1\r\nX-Padding: ";
  const auto began = steady_clock::now();
  std::size_t said = 0;
  while (!is_hung_up_on(slow.front()) && steady_clock::now() - began < milliseconds(20'000)) {
    const std::string one(1, said < request.size() ? request[said] : 'x');
    for (const UniqueFd& fd : slow) send_all(fd, one);
    ++said;
    if (said % 10 == 0) expect_prompt();
    std::this_thread::sleep_for(milliseconds(20));
  }
  EXPECT_LT(steady_clock::now() - began, milliseconds(15'000)) << "a byte now and then must not prolong the time";
}

TEST_F(HttpBoundsTest, AGiantBodyIsRefusedBeforeItIsRead) {
  start({});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "POST /v1/edits HTTP/1.1\r\nHost: x\r\nContent-Length: 1099511627776\r\n\r\n");
  const HttpAnswer answer = read_answer(fd);
  EXPECT_EQ(answer.status, 413) << answer.text;
  EXPECT_TRUE(answer.body.contains("error"));
}

TEST_F(HttpBoundsTest, AGiantBodyInPiecesIsRefusedOnTheWay) {
  start({64 * 1024, std::chrono::seconds(30), 8});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "POST /v1/edits HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string piece = "1000\r\n" + std::string(0x1000, 'x') + "\r\n";
  for (int i = 0; i < 64; ++i) send_all(fd, piece);
  EXPECT_EQ(read_answer(fd).status, 413);
}

TEST_F(HttpBoundsTest, GiantHeadersAreRefused) {
  start({});
  const UniqueFd fd = connect_to(path_);
  send_all(fd, "GET /v1/status HTTP/1.1\r\nHost: x\r\nX-Padding: " + std::string(100'000, 'x'));
  EXPECT_EQ(read_answer(fd).status, 400);
}

TEST_F(HttpBoundsTest, AClientThatTakesNoAnswersKeepsNobodyOut) {
  start({1024, std::chrono::seconds(60), 4});
  std::vector<UniqueFd> deaf;
  for (int i = 0; i < 4; ++i) {
    deaf.push_back(connect_to(path_));
    for (int k = 0; k < 200; ++k) send_all(deaf.back(), "GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  expect_prompt();
}

}  // namespace
}  // namespace guideway
