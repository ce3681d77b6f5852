# SPDX-License-Identifier: GPL-2.0-only
"""The files of a folder, by the paths of requests. Nothing outside of it is read: no link is
followed, no name that begins with a dot is known."""

from __future__ import annotations

import hashlib
import os
import stat
import threading
import tomllib
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote

from zpmaint.core.beneath import ThroughLinkError, open_beneath
from zpmaint.core.errors import UserError
from zpmaint.service.http.answer import Answer, Facts, of_file, told
from zpmaint.service.http.request import Request

_REMEMBERED = 8192  # digests
_CHUNK = 1 << 20
_LASTING = "patches/sha256/"
"""What stands below is named by its content."""


@dataclass(frozen=True)
class Found:
    """An answer, and the file that its bytes are read from."""

    answer: Answer
    file: int | None = None
    """A descriptor; None where the answer has its bytes itself."""


class Files:
    """The files below `top`. The folder may be replaced by another one between two requests."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._turn = threading.Lock()
        self._digests: OrderedDict[tuple[int, int, int, int], str] = OrderedDict()

    @contextmanager
    def of(self, request: Request) -> Iterator[Found]:
        """What there is to send. Raises OSError where the disk does not give it."""
        name = request.path[1:]
        parts = name.split("/")
        folder = not parts[-1]
        if any(part.startswith(".") or not part for part in parts[:-1]) or parts[-1][:1] == ".":
            yield Found(told(404))
            return
        try:
            file = open_beneath(self._top, f"{name}index.html" if folder else name)
        except (ThroughLinkError, UserError):
            file = None
        if file is None:
            is_there = self._top.is_dir()
            gone = told(503, "nothing is published yet", Retry_After="60")
            yield Found(told(404) if is_there else gone)
            return
        try:
            found = os.fstat(file)
            if stat.S_ISDIR(found.st_mode) and not folder:
                place = quote(f"/{name}/")
                yield Found(told(301, place, Location=place))
            elif not stat.S_ISREG(found.st_mode):
                yield Found(told(404))
            else:
                facts = Facts(
                    found.st_size,
                    self._digest(file, found),
                    found.st_mtime,
                    kind_of("index.html" if folder else parts[-1]),
                    lasts=name.startswith(_LASTING),
                )
                yield Found(of_file(request, facts), file)
        finally:
            os.close(file)

    def _digest(self, file: int, found: os.stat_result) -> str:
        key = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        with self._turn:
            if key in self._digests:
                self._digests.move_to_end(key)
                return self._digests[key]
        digest, at = hashlib.sha256(), 0
        while data := os.pread(file, _CHUNK, at):
            digest.update(data)
            at += len(data)
        with self._turn:
            self._digests[key] = digest.hexdigest()[:32]
            if len(self._digests) > _REMEMBERED:
                self._digests.popitem(last=False)
            return self._digests[key]


def kind_of(name: str) -> str:
    """What a file is sent as."""
    return next((kind for end, kind in _kinds() if name.endswith(end)), "application/octet-stream")


@cache
def _kinds() -> tuple[tuple[str, str], ...]:
    table = tomllib.loads((Path(__file__).parent / "types.toml").read_text(encoding="utf-8"))
    return tuple((row["end"], row["type"]) for row in table["type"])
