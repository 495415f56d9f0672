/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The whole shared ABI, for the programs that compile it in every language it promises to be. */
#include "ebpf/abi/backend.h"
#include "ebpf/abi/counters.h"
#include "ebpf/abi/exits.h"
#include "ebpf/abi/flow.h"
#include "ebpf/abi/flow_key.h"
#include "ebpf/abi/health.h"
#include "ebpf/abi/limits.h"
#include "ebpf/abi/portable.h"
#include "ebpf/abi/service.h"
#include "ebpf/abi/siphash.h"
#include "ebpf/abi/slot.h"
#include "ebpf/abi/snapshot.h"
