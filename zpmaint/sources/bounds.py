# SPDX-License-Identifier: GPL-2.0-only
"""What a server may cost: the bounds of a transfer (bounds.toml), and how far it is into them."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zpmaint.sources.source import SourceFailedError


@dataclass(frozen=True)
class Bounds:
    """The bounds of one kind of transfer; sizes in bytes, times in seconds."""

    size: int
    """Of the body, decompressed."""
    seconds: float
    """From the first request to the last byte, less the waits that the server asked for."""
    rate: float
    """Bytes a second, on average over each `window`."""
    window: float
    connect: float
    wait: float
    """The longest Retry-After that is honoured."""
    redirects: int
    attempts: int
    """Repetitions where a server is busy or ill."""


@cache
def bounds_of(kind: str) -> Bounds:
    """The bounds of a row of bounds.toml."""
    table = tomllib.loads((Path(__file__).parent / "bounds.toml").read_text())
    return Bounds(**(table["any"] | table[kind]))


class TooLargeError(SourceFailedError):
    """A body of `size` bytes, or of so many and more to come."""

    def __init__(self, url: str, size: int, bounds: Bounds) -> None:
        super().__init__(
            f"{url}: is larger than it can rightly be: {size} bytes, the bound is {bounds.size}",
            "the server, or what stands between, sends something else; try another source",
        )


class Meter:
    """Bytes and time of one transfer, over all its attempts."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._since = time.monotonic()
        self._window = self._since
        self._came = 0
        self._is_held = False

    def count(self, size: int) -> None:
        """So many more bytes came."""
        self._came += size

    @contextmanager
    def held(self) -> Iterator[None]:
        """A time that counts for nothing: a wait that the server asked for."""
        began = time.monotonic()
        self._is_held = True
        try:
            yield
        finally:
            self._since += time.monotonic() - began
            self._fresh_window()
            self._is_held = False

    def overdue(self) -> str:
        """Which bound of time is broken, in words; '' for none. To be asked now and then."""
        now = time.monotonic()
        if self._is_held:
            return ""
        if now - self._since > self.bounds.seconds:
            return f"not done after {self.bounds.seconds:g} s"
        if now - self._window >= self.bounds.window:
            came, wanted = self._came, self.bounds.rate * (now - self._window)
            if came < wanted:
                return (
                    f"too slow: {came} bytes in {now - self._window:.0f} s, the least is "
                    f"{self.bounds.rate:g} a second"
                )
            self._fresh_window()
        return ""

    def _fresh_window(self) -> None:
        self._window = time.monotonic()
        self._came = 0
