# SPDX-License-Identifier: GPL-2.0-only
"""A kernel's files with patches on top, in memory, and which patch each line came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from zpmaint.merge.lines import join
from zpmaint.merge.splice import spliced
from zpmaint.port.hunks import Change, find_all
from zpmaint.port.scopes import source

UPSTREAM = -1
"""The owner of a line that no patch brought."""


class Overlay:
    """The files that patches touch: those of a kernel, and what the patches made of them."""

    def __init__(self, files: Mapping[str, bytes | None]) -> None:
        """`files` holds the contents of every file that will be asked for, None for one that the
        kernel does not have; a file that is not in it is not known."""
        self._files = dict(files)
        self._owners: dict[str, list[int]] = {}

    def knows(self, path: str) -> bool:
        """Whether it can be told what the file holds, or that there is none."""
        return path in self._files

    def get(self, path: str | None) -> bytes | None:
        """The file's contents; None where there is none or it is not known."""
        return None if path is None else self._files.get(path)

    def put(self, path: str, data: bytes | None, owners: list[int] | None = None) -> None:
        """The file holds this now, or is gone (None); `owners` says whose each line is."""
        self._files[path] = data
        if owners is None or data is None:
            self._owners.pop(path, None)
        else:
            self._owners[path] = owners

    def lose(self, path: str) -> None:
        """From here on the file is not known."""
        self._files.pop(path, None)
        self._owners.pop(path, None)

    def owners(self, path: str) -> list[int]:
        """For each line of a file the number of the patch that it came with."""
        known = self._owners.get(path)
        if known is None:
            data = self._files.get(path)
            known = [UPSTREAM] * (0 if data is None else len(source(data).lines))
        return known

    def signed(
        self, path: str, places: Iterable[tuple[Change, int]], patch: int
    ) -> tuple[list[int], set[int]]:
        """The owners of a file's lines once `patch` has made its changes at their places (rising
        lines of what the file is now); and the patches whose lines the changes speak of."""
        before = self.owners(path)
        after: list[int] = []
        touched: set[int] = set()
        done = 0
        for change, at in places:
            after += before[done:at]
            done = at
            for kind, _ in change.lines:
                if kind == "+":
                    after.append(patch)
                    continue
                touched.add(before[done])
                if kind == " ":
                    after.append(before[done])
                done += 1
        return after + before[done:], touched - {UPSTREAM}


def places(lines: Sequence[str], changes: Sequence[Change]) -> list[int] | None:
    """Where the hunks of one file stand, all their context with them: at the header's line plus
    the offset of the hunk before, else at the nearest place after that hunk where patch -F0 would
    find it. None where one has no place."""
    found: list[int] = []
    text = list(lines)
    offset = end = 0
    for change in changes:
        at = change.start + offset
        size = len(change.pre)
        if not size:
            # Nothing to hold on to: only where the file is empty, or without context on purpose.
            if at < end or at > len(text):
                return None
        elif at < end or text[at : at + size] != change.pre:
            fits = [
                n for n in find_all(text, change.pre) if n >= end and fits_at(change, n, len(text))
            ]
            if not fits:
                return None
            at = min(fits, key=lambda n: abs(n - at))
        found.append(at)
        offset = at - change.start
        end = at + size
    return found


def fits_at(change: Change, at: int, length: int) -> bool:
    """Whether patch and git look for a hunk at this line of a file of so many: one with less
    context on one side was cut at that end of a file."""
    return (change.trail >= change.lead or at + len(change.pre) == length) and (
        change.lead >= change.trail or at == 0
    )


def applied(lines: Sequence[str], changes: Sequence[Change], at: Sequence[int]) -> bytes | None:
    """The file with its hunks done at the places found; None where a line that ends the patch's
    file without a line feed would be inside."""
    out = spliced(
        lines,
        ((n, n + len(change.pre), change.post) for change, n in zip(changes, at, strict=True)),
    )
    return None if any(not line.endswith("\n") for line in out[:-1]) else join(out)
