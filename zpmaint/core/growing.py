# SPDX-License-Identifier: GPL-2.0-only
"""Waits that grow with each failure in a row. Pure."""

from __future__ import annotations

import math


def grown(first: float, factor: float, most: float, count: int) -> float:
    """Seconds to wait after `count` failures in a row: `first` after one, `factor` times as long
    after each further one, never longer than `most`."""
    if factor <= 1 or count < 1:
        return min(first, most)
    # What would grow beyond `most` is not computed: no float holds 2.0 ** 2000.
    longest = math.log(max(most / first, 1.0), factor)
    return most if count - 1 >= longest else first * factor ** (count - 1)
