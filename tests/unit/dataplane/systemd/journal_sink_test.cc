// SPDX-License-Identifier: Apache-2.0
#include "dataplane/systemd/journal_sink.hh"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include <spdlog/spdlog.h>

#include "dataplane/base/unique_fd.hh"

namespace guideway {
namespace {

TEST(LogFields, AreKeysAndValues) {
  const LogFields expected{{"TOPIC", "health"},
                           {"BACKEND", "web/b1"},
                           {"DETAIL", "no \"route\" to \\host"},
                           {"EMPTY", ""},
                           {"TABLES_SENT", "3"}};
  EXPECT_EQ(fields_of(R"(health backend=web/b1 detail="no \"route\" to \\host" empty="" tables_sent=3)"), expected);
  EXPECT_EQ(fields_of("two words"), (LogFields{{"TOPIC", "two"}}));
  EXPECT_TRUE(fields_of("").empty());
  EXPECT_EQ(fields_of("x open=\"cut"), (LogFields{{"TOPIC", "x"}, {"OPEN", "cut"}}));
}

// In a mount namespace of its own, where the journal's socket is ours. What journald would get, or why not.
std::string journal_of_a_child() {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const UniqueFd out(ends[0]);
  UniqueFd in(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) != 0 || ::mkdir("/run/systemd", 0755) != 0 ||
        ::mkdir("/run/systemd/journal", 0755) != 0)
      ::_exit(1);
    const UniqueFd journal(::socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, "/run/systemd/journal/socket");
    if (::bind(journal.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
    struct stat status {};
    ::fstat(2, &status);
    const std::string stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    start_log("guideway-test", "%v");
    spdlog::warn("health backend=web/b1 state=down detail=\"connection refused\"");
    pollfd one{journal.get(), POLLIN, 0};
    char buffer[4096];
    const ssize_t count = ::poll(&one, 1, 5000) == 1 ? ::recv(journal.get(), buffer, sizeof buffer, 0) : 0;
    if (count > 0 && ::write(in.get(), buffer, static_cast<std::size_t>(count)) < 0) ::_exit(1);
    ::_exit(0);
  }
  in.reset();
  std::string got;
  char buffer[4096];
  for (ssize_t count = 1; count > 0;) {
    count = ::read(out.get(), buffer, sizeof buffer);
    if (count > 0) got.append(buffer, static_cast<std::size_t>(count));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 0 ? got : "no namespace";
}

TEST(JournalSink, WritesNativeFields) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give itself a journal of its own";
  const std::string entry = journal_of_a_child();
  if (entry == "no namespace") GTEST_SKIP() << "this machine allows no mount namespace";
  for (const char* field :
       {"PRIORITY=4\n", "SYSLOG_IDENTIFIER=guideway-test\n", "GUIDEWAY_TOPIC=health\n", "GUIDEWAY_BACKEND=web/b1\n",
        "GUIDEWAY_STATE=down\n", "GUIDEWAY_DETAIL=connection refused\n", "MESSAGE=health backend=web/b1 state=down "})
    EXPECT_NE(entry.find(field), std::string::npos) << field << " is not in\n" << entry;
}

TEST(JournalSink, ElsewhereItIsNotUsed) {
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(logs_to_journal());
  ::setenv("JOURNAL_STREAM", "1:2", 1);
  EXPECT_FALSE(logs_to_journal()) << "that of somebody who started us with a stderr of another kind";
  ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace guideway
