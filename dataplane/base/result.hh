// SPDX-License-Identifier: Apache-2.0
// How everything that an operator or the network can make fail returns: a value, or one sentence that names the
// thing, the value and the remedy. Exceptions of libraries end in the file that calls the library.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace guideway {

struct Error {
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> failure(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message)});
}

// Hands on the error of another result.
template <typename T>
[[nodiscard]] tl::unexpected<Error> failure_of(const Result<T>& result) {
  return tl::unexpected<Error>(result.error());
}

}  // namespace guideway
