// SPDX-License-Identifier: Apache-2.0
// As checkers_test.cc: databases, brokers and gRPC, whose servers take their time to start.
#include <gtest/gtest.h>

#include "tests/unit/controlplane/health/check_of.hh"
#include "tests/unit/controlplane/health/checker_trial.hh"
#include "tests/unit/controlplane/health/one_probe.hh"

namespace guideway {
namespace {

ProbeResult ask(const RealServer& server, const CheckConfig& check) {
  boost::asio::io_context io;
  return probe(io, target_within(check, server.port(), patient_ms));
}

// Everybody may enter but "stranger", who has to give a password.
RealSetup postgresql() {
  RealSetup setup;
  setup.arguments = {installed("postgres"),
                     "-D",
                     "DIR/data",
                     "-p",
                     "PORT",
                     "-c",
                     "listen_addresses=127.0.0.1",
                     "-c",
                     "unix_socket_directories=",
                     "-c",
                     "fsync=off",
                     "-c",
                     "hba_file=DIR/hba"};
  setup.files = {{"hba", "host all stranger 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"}};
  setup.prepare = {{installed("initdb"), "-D", "DIR/data", "-A", "trust", "-U", "guideway_check", "--no-sync",
                    "--no-locale", "-E", "UTF8"}};
  setup.as_nobody = true;
  setup.stop_signal = SIGQUIT;  // at once, but not without giving its shared memory back
  return setup;
}

RealSetup mariadb() {
  const std::string server = installed("mariadbd") +
                             " --no-defaults --datadir=DIR/data --innodb-log-file-size=4M "
                             "--innodb-buffer-pool-size=8M --log-warnings=0 ";
  RealSetup setup;
  setup.arguments = {"/bin/sh", "-c",
                     "exec " + server +
                         "--port=PORT --bind-address=127.0.0.1 --skip-name-resolve "
                         "--socket=DIR/socket --pid-file=DIR/pid"};
  // What mariadb-install-db does, without the clients that it wants.
  setup.files = {
      {"first.sql", "create database mysql;\nuse mysql;\n"},
      {"user.sql", "insert into global_priv values ('%', 'probe', '{\"plugin\":\"mysql_native_password\"}');\n"}};
  setup.prepare = {{"/bin/sh", "-c",
                    "mkdir DIR/data && cat DIR/first.sql /usr/share/mysql/mysql_system_tables.sql "
                    "/usr/share/mysql/mysql_system_tables_data.sql DIR/user.sql | " +
                        server + "--bootstrap"}};
  setup.as_nobody = true;
  return setup;
}

// Erlang's port mapper is started here, in the server's group: by itself it would stay behind.
RealSetup rabbitmq() {
  RealSetup setup;
  setup.arguments = {
      "/bin/sh", "-c",
      "export HOME=DIR ERL_EPMD_PORT=$((PORT + 1)) ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_NODE_PORT=PORT "
      "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1 RABBITMQ_NODENAME=guideway@localhost RABBITMQ_MNESIA_BASE=DIR/mnesia "
      "RABBITMQ_LOG_BASE=DIR/logs RABBITMQ_DIST_PORT=$((PORT + 2)) RABBITMQ_CONFIG_FILE=DIR/none "
      "RABBITMQ_ENABLED_PLUGINS_FILE=DIR/plugins; epmd & exec $(ls -d /usr/lib/rabbitmq/lib/*/sbin/rabbitmq-server)"};
  setup.as_nobody = true;
  setup.ready_within_s = 120;
  return setup;
}

RealSetup etcd() {
  RealSetup setup;
  setup.arguments = {"etcd",
                     "--data-dir",
                     "DIR/data",
                     "--listen-client-urls",
                     "http://127.0.0.1:PORT",
                     "--advertise-client-urls",
                     "http://127.0.0.1:PORT",
                     "--listen-peer-urls",
                     "unix://peer:1",
                     "--initial-advertise-peer-urls",
                     "http://127.0.0.1:1",
                     "--initial-cluster",
                     "default=http://127.0.0.1:1"};
  return setup;
}

TEST(Checkers, Postgresql) {
  try_checker({"postgres", postgresql(), check_of(CheckKind::postgresql), "answered as expected",
               "answer to a startup message", "220 ready\r\n", "answered a startup message with \"220 ready\""});
}

TEST(Checkers, PostgresqlTellsWhyNot) {
  if (!is_installed("postgres")) GTEST_SKIP() << "no postgres here";
  const RealServer server(postgresql());
  ASSERT_TRUE(server.is_up()) << server.log();
  boost::asio::io_context io;
  CheckConfig check = check_of(CheckKind::postgresql);
  wait_until_passing(io, target_within(check, server.port(), patient_ms));
  check.user = "nobody_here";
  expect_failed(ask(server, check), "PostgreSQL says FATAL 28000: \"role \"nobody_here\" does not exist\"");
  check.user = "stranger";
  expect_ok(ask(server, check), "answered as expected");
  check.user = "guideway_check";
  check.database = "shop";
  expect_failed(ask(server, check), "PostgreSQL says FATAL 3D000: \"database \"shop\" does not exist\"");
  check.database = "template1";
  expect_ok(ask(server, check), "answered as expected");
}

TEST(Checkers, Mysql) {
  try_checker({"mariadbd", mariadb(), check_of(CheckKind::mysql), "answered as expected", "greeting with protocol 10",
               "220 ready\r\n", "greeted with \"220 ready\", wanted protocol 10"});
}

TEST(Checkers, MysqlTellsWhyNot) {
  if (!is_installed("mariadbd")) GTEST_SKIP() << "no mariadbd here";
  const RealServer server(mariadb());
  ASSERT_TRUE(server.is_up()) << server.log();
  CheckConfig check = check_of(CheckKind::mysql);
  check.user = "probe";
  expect_ok(ask(server, check), "answered as expected");
  check.user = "stranger";
  const ProbeResult refused = ask(server, check);
  EXPECT_EQ(refused.outcome, ProbeOutcome::failed);
  EXPECT_EQ(refused.detail.rfind("MySQL says error 1045: \"Access denied for user 'stranger'@", 0), 0u)
      << refused.detail;
}

TEST(Checkers, Amqp) {
  try_checker({"rabbitmq-server", rabbitmq(), check_of(CheckKind::amqp), "answered as expected",
               "answer to the AMQP header with Connection.Start", std::string("AMQP\0\1\0\0", 8),
               "answered the AMQP header with \"AMQP....\", wanted Connection.Start"});
}

TEST(Checkers, Grpc) {
  try_checker({"etcd", etcd(), check_of(CheckKind::grpc), "gRPC health SERVING", "gRPC answer",
               "HTTP/1.1 400 Bad Request\r\n\r\n", "what answers is not HTTP/2: \"HTTP/1.1 400 Bad Request\""});
}

TEST(Checkers, GrpcOfAServiceThatIsNotThere) {
  if (!is_installed("etcd")) GTEST_SKIP() << "no etcd here";
  const RealServer server(etcd());
  ASSERT_TRUE(server.is_up()) << server.log();
  CheckConfig check = check_of(CheckKind::grpc);
  check.grpc_service = "shop.Cart";
  expect_failed(ask(server, check), "gRPC status 5 NOT_FOUND: \"unknown service\"");
}

}  // namespace
}  // namespace guideway
