# SPDX-License-Identifier: GPL-2.0-only
"""Whether work grows with what it is given, or with its square: by comparison, so that neither a
slow machine nor a busy one fails a test."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable


def cost(work: Callable[[], object]) -> float:
    """Seconds of processor time of this process."""
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def assert_grows_like_its_input(quarter: Callable[[], object], whole: Callable[[], object]) -> None:
    """Four times as much may take four times as long, and twice that for caches and the collector;
    its square would take sixteen times. Half a second is always allowed: that says nothing yet."""
    small = cost(quarter)
    large = cost(whole)
    assert large <= 8 * small + 0.5, f"{small:.2f} s for a quarter, {large:.2f} s for the whole"
