# SPDX-License-Identifier: GPL-2.0-only
"""The lock of an open file, taken without waiting (flock(2))."""

from __future__ import annotations

import fcntl


def take_if_free(handle: int) -> bool:
    """Whether nobody else held the lock of that open file; then it is held alone from now on, until
    the file is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
