# SPDX-License-Identifier: GPL-2.0-only
"""Which of a guest's code runs, and in which case of the suite: QEMU tells, the guest is as it is.

QEMU writes a line for each block of code that it executes (-d exec) whose beginning is in given
ranges, and into the same stream each byte that the guest sends to its serial port. There stands
which case is next, in the order in which it came about (console.py): what two files tell side by
side is not in one order. A block is not joined to the next one (nochain), or it would be told of
once and then no more.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

from zpmaint.vm import console

TAKES_LONGER = 10
"""How much more of QEMU's time a guest may take that is watched; three times as much was seen
(docs/executed.md)."""

_BLOCK = re.compile(rb"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")
_PIPE = 1 << 20
_LONG = 4096
"""Bytes of a line of the console after which it is cut: the guest may send no end of one."""


class Watch:
    """The ranges of addresses that are watched, and what ran in them; of one guest after the
    other."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        """Both ends belong to a range. Raises ValueError where there is none: QEMU would then tell
        of everything."""
        self.ranges = tuple(ranges)
        if not self.ranges:
            raise ValueError("nothing to watch")
        self.reached: dict[str, set[int]] = {}
        """By case the addresses at which a block began; "" has the boot, and what belongs to no
        case."""

    def words(self, out: str, event: str) -> tuple[str, ...]:
        """For QEMU's command line; `out` is the file that it writes to, `event` tells of each byte
        that the guest sends to its console."""
        listed = ",".join(f"{first:#x}..{last:#x}" for first, last in self.ranges)
        return ("-d", f"exec,nochain,trace:{event}", "-dfilter", listed, "-D", out)


class Reader:
    """What QEMU writes, read as it comes."""

    def __init__(self, watch: Watch, sent: re.Pattern[bytes]) -> None:
        """`sent` finds in a line the byte, in hex, that the guest sent to its console."""
        self._watch = watch
        self._sent = sent
        self._rest = b""
        self._said = bytearray()
        self._begin("")

    def _begin(self, case: str) -> None:
        self._here = self._watch.reached.setdefault(case, set())
        self._known: set[bytes] = set()

    def feed(self, data: bytes) -> None:
        """The next bytes; a line may go on in those after them."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if line in self._known:  # all but a few: the same block again
                continue
            if block := _BLOCK.match(line):
                self._here.add(int(block[1], 16))
                self._known.add(line)
            elif sent := self._sent.match(line):
                self._hear(int(sent[1], 16))

    def _hear(self, byte: int) -> None:
        if byte != ord("\n"):
            if len(self._said) < _LONG:
                self._said.append(byte)
            return
        text = self._said.decode("utf-8", "replace")
        self._said.clear()
        for line in console.lines(text):
            if (case := console.marked(line)) is not None:
                self._begin(case)


@contextmanager
def listening(watch: Watch, sent: re.Pattern[bytes]) -> Iterator[int]:
    """A descriptor that QEMU can write to; all that it wrote is in `watch` at the end."""
    read, write = os.pipe()
    with suppress(OSError):  # a smaller one does, with more turns
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, _PIPE)
    thread = Thread(target=_drain, args=(read, Reader(watch, sent)), name="executed")
    thread.start()
    try:
        yield write
    finally:
        os.close(write)
        thread.join()


def _drain(read: int, reader: Reader) -> None:
    try:
        while data := os.read(read, _PIPE):
            reader.feed(data)
    finally:
        os.close(read)
