# SPDX-License-Identifier: Apache-2.0
"""The names of the ways out of the pipeline, in the order in which counters are printed (ebpf/abi/exits.h)."""
SENT = "sent"
KERNEL_NOT_IP = "kernel_not_ip"
KERNEL_OTHER_PROTOCOL = "kernel_other_protocol"
KERNEL_NO_SERVICE = "kernel_no_service"
DROP_FRAME_TRUNCATED = "drop_frame_truncated"
DROP_IP_HEADER_INVALID = "drop_ip_header_invalid"
DROP_IP_CHECKSUM = "drop_ip_checksum"
DROP_EXTENSION_HEADERS = "drop_extension_headers"
DROP_FRAGMENT = "drop_fragment"
DROP_L4_INVALID = "drop_l4_invalid"
DROP_NO_BACKEND = "drop_no_backend"
DROP_UNRESOLVED = "drop_unresolved"
DROP_TOO_BIG = "drop_too_big"
DROP_NO_HEADROOM = "drop_no_headroom"
DROP_TX_FULL = "drop_tx_full"
DROP_KERNEL_FULL = "drop_kernel_full"
ANSWERED_ECHO = "answered_echo"
ANSWERED_TOO_BIG = "answered_too_big"
ANSWERED_REJECT = "answered_reject"
DROP_ECHO_LIMITED = "drop_echo_limited"
DROP_REJECT_LIMITED = "drop_reject_limited"
DROP_FRAGMENTS_FULL = "drop_fragments_full"
DROP_ACCESS_DENIED = "drop_access_denied"
DROP_RATE_LIMITED = "drop_rate_limited"
DROP_SOURCE_LIMITED = "drop_source_limited"

ALL = (
    SENT,
    KERNEL_NOT_IP,
    KERNEL_OTHER_PROTOCOL,
    KERNEL_NO_SERVICE,
    DROP_FRAME_TRUNCATED,
    DROP_IP_HEADER_INVALID,
    DROP_IP_CHECKSUM,
    DROP_EXTENSION_HEADERS,
    DROP_FRAGMENT,
    DROP_L4_INVALID,
    DROP_NO_BACKEND,
    DROP_UNRESOLVED,
    DROP_TOO_BIG,
    DROP_NO_HEADROOM,
    DROP_TX_FULL,
    DROP_KERNEL_FULL,
    ANSWERED_ECHO,
    ANSWERED_TOO_BIG,
    ANSWERED_REJECT,
    DROP_ECHO_LIMITED,
    DROP_REJECT_LIMITED,
    DROP_FRAGMENTS_FULL,
    DROP_ACCESS_DENIED,
    DROP_RATE_LIMITED,
    DROP_SOURCE_LIMITED,
)


def leaves(exit_name):
    """Whether a frame goes out of the port: the received one, changed, or an answer to it."""
    return exit_name == SENT or exit_name.startswith("answered_")


def is_kernels(exit_name):
    return exit_name.startswith("kernel_")
