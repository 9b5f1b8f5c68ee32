// The roots in F_p, p = 2^61 - 1, of a polynomial: what an attacker on the MAC of a sum computes. Cantor and
// Zassenhaus; polynomials are coefficients from degree 0 on, without leading zeros.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include "secagg/field61.h"

namespace accord::field61 {

using Polynomial = std::vector<std::uint64_t>;

inline void Trim(Polynomial& a) {
  while (!a.empty() && a.back() == 0) a.pop_back();
}

// {quotient, remainder} of a by b; b is not zero.
inline std::pair<Polynomial, Polynomial> Divide(Polynomial a, const Polynomial& b) {
  Polynomial quotient(a.size() < b.size() ? 0 : a.size() - b.size() + 1);
  const std::uint64_t inverse = secagg::FieldInverse(b.back());
  for (std::size_t at = quotient.size(); at-- > 0;) {
    const std::uint64_t factor = secagg::FieldMultiply(a[at + b.size() - 1], inverse);
    quotient[at] = factor;
    for (std::size_t i = 0; i < b.size(); ++i) {
      a[at + i] = secagg::FieldSubtract(a[at + i], secagg::FieldMultiply(factor, b[i]));
    }
  }
  Trim(a);
  return {std::move(quotient), std::move(a)};
}

inline Polynomial Gcd(Polynomial a, Polynomial b) {
  while (!b.empty()) {
    a = Divide(std::move(a), b).second;
    std::swap(a, b);
  }
  return a;
}

// base^exponent modulo `of`.
inline Polynomial PowerModulo(Polynomial base, std::uint64_t exponent, const Polynomial& of) {
  const auto multiply = [&of](const Polynomial& a, const Polynomial& b) {
    Polynomial product(a.empty() || b.empty() ? 0 : a.size() + b.size() - 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
      for (std::size_t j = 0; j < b.size(); ++j) {
        product[i + j] = secagg::FieldAdd(product[i + j], secagg::FieldMultiply(a[i], b[j]));
      }
    }
    return Divide(std::move(product), of).second;
  };
  Polynomial power{1};
  for (; exponent != 0; exponent >>= 1) {
    if ((exponent & 1) != 0) power = multiply(power, base);
    base = multiply(base, base);
  }
  return power;
}

// Of a product of distinct linear factors.
inline void SplitRoots(const Polynomial& of, std::mt19937_64& random, std::vector<std::uint64_t>& roots) {
  if (of.size() <= 1) return;
  if (of.size() == 2) {
    roots.push_back(secagg::FieldMultiply(secagg::FieldSubtract(0, of[0]), secagg::FieldInverse(of[1])));
    return;
  }
  for (;;) {  // each try splits with a probability of about a half
    Polynomial half = PowerModulo({random() % secagg::kFieldPrime, 1}, (secagg::kFieldPrime - 1) / 2, of);
    if (half.empty()) half.push_back(0);
    half[0] = secagg::FieldSubtract(half[0], 1);
    Trim(half);
    const Polynomial part = Gcd(of, half);
    if (part.size() <= 1 || part.size() == of.size()) continue;
    SplitRoots(part, random, roots);
    SplitRoots(Divide(of, part).first, random, roots);
    return;
  }
}

// All, ascending, each once.
inline std::vector<std::uint64_t> Roots(Polynomial of) {
  Trim(of);
  std::vector<std::uint64_t> roots;
  if (of.size() <= 1) return roots;
  std::mt19937_64 random(61);
  Polynomial field = PowerModulo({0, 1}, secagg::kFieldPrime, of);  // X^p - X has every element as a root
  field.resize(std::max<std::size_t>(field.size(), 2));
  field[1] = secagg::FieldSubtract(field[1], 1);
  Trim(field);
  SplitRoots(Gcd(of, field), random, roots);
  std::ranges::sort(roots);
  return roots;
}

}  // namespace accord::field61
