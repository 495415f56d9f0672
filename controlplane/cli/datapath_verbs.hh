// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace guideway {

class Grammar;

void add_datapath_verbs(Grammar& grammar);

}  // namespace guideway
