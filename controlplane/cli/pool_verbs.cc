// SPDX-License-Identifier: Apache-2.0
// `pool`: what is done with pools that services share. What is in them is a matter of `backend`.
#include "controlplane/cli/grammar.hh"
#include "controlplane/cli/verbs.hh"

namespace guideway {
namespace {

constexpr const char* pool_example =
    "Examples:\n  guideway pool edit shared --check tcp,interval=1s\n  guideway backend list shared";

}  // namespace

void add_pool_verbs(Grammar& grammar) {
  CLI::App* pool = grammar.add(grammar.app(), "pool", "Pools: backends that services share", pool_example);
  add_pool_edit(grammar, *pool);
}

}  // namespace guideway
