// SPDX-License-Identifier: Apache-2.0
// Lambdas as one visitor, for std::visit.
#pragma once

namespace guideway {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace guideway
