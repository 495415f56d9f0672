/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every header of the shared ABI needs so that one text compiles as C, as C++ and for BPF:
 * fixed-width types, static assertions, and a word for "always inline". No libc. */
#ifndef GUIDEWAY_ABI_PORTABLE_H
#define GUIDEWAY_ABI_PORTABLE_H

#include <linux/types.h>

#ifdef __cplusplus
#define GW_STATIC_ASSERT(condition, why) static_assert(condition, why)
#else
#define GW_STATIC_ASSERT(condition, why) _Static_assert(condition, why)
#endif
#define GW_ASSERT_OFFSET(type, field, offset_bytes) \
  GW_STATIC_ASSERT(__builtin_offsetof(struct type, field) == (offset_bytes), #type "." #field)

/* BPF has no calls into other objects, and the poll-mode path wants none. */
#define GW_INLINE static inline __attribute__((always_inline, unused))

/* The layouts and the hash read words as the machine stores them. Every supported machine is little-endian. */
GW_STATIC_ASSERT(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the ABI is written for little-endian machines");

/* Raised whenever any structure or constant in ebpf/abi changes its meaning: both ends of the door compare it. */
#define GW_ABI_VERSION 4u

#endif
