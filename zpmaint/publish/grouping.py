# SPDX-License-Identifier: GPL-2.0-only
"""Kernels in parts that know of one another: what is said of a kernel rests on its line, lists of
files are by series, and a line of kernels.toml may be of several series. A part has all of these
whole, so that a new record concerns one part. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.series import numbers_of
from zpmaint.core.versions import KernelVersion
from zpmaint.timeline.kernels import parsed

Numbers = tuple[int, ...]

_ELSE: Numbers = (-1,)  # what is no kernel's name comes first, as the oldest
_NEXT: Numbers = (1 << 31,)  # linux-next comes last
_NAMES = {_ELSE: "else", _NEXT: "next"}


@dataclass(frozen=True)
class Part:
    """One part of a patch set's kernels."""

    patchset: str
    numbers: Numbers
    """What the versions of its kernels begin with."""

    @property
    def name(self) -> str:
        """Fit for a file's name."""
        return _NAMES.get(self.numbers) or ".".join(map(str, self.numbers))


class Parts:
    """Which part a kernel is of, and which lines of kernels.toml."""

    def __init__(self, config: Config) -> None:
        self._config = config
        series = {numbers_of(row.series) for row in config.kernel if row.series is not None}
        # Of lines that cover others the widest: 7.* before 7.1.*.
        self._wide = {
            one for one in series if not any(one[:length] in series for length in range(len(one)))
        }

    def of(self, patchset: str, version: str) -> Part:
        """A kernel's."""
        kernel = parsed(version)
        return Part(patchset, _ELSE if kernel is None else self._numbers(kernel))

    def of_table(self, patchset: str, table: KernelTable) -> Part:
        """A line's."""
        if table.series is None:
            return self.of(patchset, table.version)
        numbers = numbers_of(table.series)
        return Part(patchset, self._widest(numbers[: _width(numbers)]))

    def tables(self) -> Iterator[tuple[Part, KernelTable]]:
        """Each line of kernels.toml with the parts that it concerns."""
        for table in self._config.kernel:
            for patchset in table.patches or (self._config.patch,):
                yield self.of_table(patchset, table), table

    def _numbers(self, kernel: KernelVersion) -> Numbers:
        return self._widest(kernel.numbers[:-1]) if kernel.numbers else _NEXT

    def _widest(self, series: Numbers) -> Numbers:
        """Of a series: it, or the line that covers all of it."""
        covers = (series[:length] for length in range(1, len(series)))
        return next((one for one in covers if one in self._wide), series)


def newest_first(parts: Iterable[Part]) -> list[Part]:
    """The parts in the order of their kernels."""
    return sorted(parts, key=lambda part: part.numbers, reverse=True)


def _width(numbers: Numbers) -> int:
    """How many numbers the name of a series has at most."""
    return 3 if numbers[0] < 3 else 2
