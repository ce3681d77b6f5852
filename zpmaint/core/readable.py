# SPDX-License-Identifier: GPL-2.0-only
"""Waiting for a descriptor: by poll(2), as select(2) knows none above 1023 (its manual page), and
who holds many locks open has such."""

from __future__ import annotations

import select


def is_readable(descriptor: int, seconds: float) -> bool:
    """Whether there is something to read, an end included, or a process has ended (a descriptor of
    pidfd_open), within so many seconds."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(max(0, round(seconds * 1000))))
