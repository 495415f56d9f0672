// SPDX-License-Identifier: Apache-2.0
// What PostgreSQL, MySQL and MariaDB are told and answer before anybody is let in, as a check needs it. Pure.
#pragma once

#include <string>
#include <string_view>

#include "controlplane/health/conversation.hh"

namespace guideway {

// Protocol 3.0: who wants in, and where.
[[nodiscard]] std::string postgresql_startup(std::string_view user, std::string_view database);
// Right once the server asks for a password, or lets the user in; an error is wrong.
[[nodiscard]] Judgement judge_postgresql(std::string_view answer);

// Right is a greeting of protocol 10; an error (too many connections, host blocked) is wrong.
[[nodiscard]] Judgement judge_mysql_greeting(std::string_view answer);
// A login without a password.
[[nodiscard]] std::string mysql_login(std::string_view user);
// `must_enter`: being refused is wrong. Else it only shows that the server can tell who may enter.
[[nodiscard]] Judgement judge_mysql_login(std::string_view answer, bool must_enter);
[[nodiscard]] std::string mysql_quit();

}  // namespace guideway
