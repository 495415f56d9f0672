// SPDX-License-Identifier: Apache-2.0
// The log of a program: under systemd into the journal in its native form, every key=value of a line a field of its own
// (GUIDEWAY_BACKEND=web/b1), so that `journalctl GUIDEWAY_EVENT=rejected` finds what it should; elsewhere lines on
// stderr.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace guideway {

// Makes the default logger: `pattern` is that of the lines on stderr.
void start_log(const std::string& program, const std::string& pattern);

// Whether stderr leads to the journal.
[[nodiscard]] bool logs_to_journal();

// "health backend=web/b1 detail=\"no route\"" is {TOPIC health, BACKEND web/b1, DETAIL no route}.
using LogFields = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] LogFields fields_of(std::string_view line);

}  // namespace guideway
