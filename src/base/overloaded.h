// overloaded{...}: one visitor out of lambdas. A variant alternative without a lambda does not compile.
#pragma once

namespace accord {

template <class... Fs>
struct overloaded : Fs... {  // NOLINT(readability-identifier-naming): the name of the idiom
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace accord
