// SPDX-License-Identifier: Apache-2.0
// SipHash-1-3 in the lanes of a vector: included by the one file a version, each compiled for its own instructions.
#pragma once

#include "dataplane/forwarding/flow_hash.hh"

namespace guideway {

// A vector of `lane_count` words, by the extension that g++ and clang share.
template <std::uint32_t lane_count>
struct LaneVector {
  using Type __attribute__((vector_size(lane_count * sizeof(std::uint64_t)))) = std::uint64_t;
};
template <>
struct LaneVector<1> {
  using Type = std::uint64_t;
};

template <std::uint32_t lane_count>
class SipLanes {
  using Vector = typename LaneVector<lane_count>::Type;

 public:
  explicit SipLanes(const gw_hash_key& key) noexcept {
    fill(v0_, key.k0 ^ 0x736f6d6570736575ULL);
    fill(v1_, key.k1 ^ 0x646f72616e646f6dULL);
    fill(v2_, key.k0 ^ 0x6c7967656e657261ULL);
    fill(v3_, key.k1 ^ 0x7465646279746573ULL);
  }
  void absorb(const std::uint64_t* words) noexcept { absorb_with(words, 0); }
  void finish(const std::uint64_t* tails, std::uint64_t length_bytes, std::uint64_t* hashes) noexcept {
    absorb_with(tails, length_bytes << 56U);
    Vector last;
    fill(last, 0xff);
    v2_ ^= last;
    round();
    round();
    round();
    const Vector hash = v0_ ^ v1_ ^ v2_ ^ v3_;
    __builtin_memcpy(hashes, &hash, sizeof hash);
  }

 private:
  static void fill(Vector& vector, std::uint64_t value) noexcept {
    std::uint64_t lanes[lane_count];
    for (std::uint64_t& lane : lanes) lane = value;
    __builtin_memcpy(&vector, lanes, sizeof vector);
  }
  template <unsigned bits>
  static void rotate(Vector& vector) noexcept {
    vector = (vector << bits) | (vector >> (64 - bits));
  }
  void absorb_with(const std::uint64_t* words, std::uint64_t high_bits) noexcept {
    Vector word;
    Vector high;
    __builtin_memcpy(&word, words, sizeof word);
    fill(high, high_bits);
    word |= high;
    v3_ ^= word;
    round();
    v0_ ^= word;
  }
  void round() noexcept {
    v0_ += v1_;
    v2_ += v3_;
    rotate<13>(v1_);
    rotate<16>(v3_);
    v1_ ^= v0_;
    v3_ ^= v2_;
    rotate<32>(v0_);
    v2_ += v1_;
    v0_ += v3_;
    rotate<17>(v1_);
    rotate<21>(v3_);
    v1_ ^= v2_;
    v3_ ^= v0_;
    rotate<32>(v2_);
  }
  Vector v0_, v1_, v2_, v3_;
};

template <std::uint32_t lane_count>
void hash_lanes(const gw_hash_key& key, FlowLanes& lanes, std::uint32_t count, std::uint8_t family) noexcept {
  static_assert(flows_hashed_max % lane_count == 0);
  const bool ipv4 = family == GW_FAMILY_IPV4;
  for (std::uint32_t first = 0; first < count; first += lane_count) {
    SipLanes<lane_count> sip(key);
    for (std::size_t word = 0; word < (ipv4 ? 1U : 4U); ++word) sip.absorb(&lanes.words[word][first]);
    sip.finish(&lanes.tails[first], ipv4 ? 14 : 38, &lanes.hashes[first]);
  }
}

}  // namespace guideway
