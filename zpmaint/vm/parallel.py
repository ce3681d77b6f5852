# SPDX-License-Identifier: GPL-2.0-only
"""Guests side by side, one on each core of the host."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

from zpmaint.vm.profiles import Accelerator

_K = TypeVar("_K")
_V = TypeVar("_V")
_LOOK = 0.25  # seconds


def in_parallel(
    starts: Mapping[_K, Callable[[Event], _V]],
    *,
    accelerator: Accelerator,
    most: int | None = None,
) -> dict[_K, _V]:
    """What each of `starts` gives. They run at the same time, `most` of them (None: one on each
    core), where a guest's time is counted in instructions, and so is the same whatever the host
    does beside it; else one after the other.

    Each gets the event that ends its guests (`boot`): it is set where one of the others raises, and
    on ^C, and nothing is left running when this returns."""
    stop = Event()
    at_once = min(len(starts), most or os.cpu_count() or 1) if accelerator.is_deterministic else 1
    if at_once <= 1:
        return {name: start(stop) for name, start in starts.items()}
    with ThreadPoolExecutor(at_once) as pool:
        try:
            under_way = {name: pool.submit(start, stop) for name, start in starts.items()}
            left = set(under_way.values())
            while left:
                # Never without an end: ^C may have come to another thread than this one, and only
                # this one raises it, when it wakes.
                ended, left = wait(left, timeout=_LOOK, return_when=FIRST_EXCEPTION)
                for one in ended:
                    one.result()  # raises what it raised, before the others are waited for
            return {name: future.result() for name, future in under_way.items()}
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
