# SPDX-License-Identifier: GPL-2.0-only
"""What a make that ended well left in its folder of objects, file by file.

make goes by times alone: an object that is newer than its source is whole to it, were it empty. So
before it runs again, whatever is not as the last make left it goes, and is made anew. Nothing is
hashed: objects are cheap to make, ccache has them.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.ends import epoch_of
from zpmaint.core.files import write_whole

_OURS = ".zpmaint-"
"""How the names of zpmaint's own notes begin, which say themselves what they are of."""


@dataclass(frozen=True)
class Objects:
    """A folder of objects, and the list of what is in it."""

    folder: Path
    listed: Path

    def note(self) -> None:
        """List what is there now. Raises DiskError."""
        rows = "".join(f"{looks} {name}\0" for name, looks in self._found())
        text = f"{epoch_of(self.folder.absolute())}\0{rows}".encode("utf-8", "surrogateescape")
        write_whole(self.listed, text + _sum(text))

    def doubtful(self) -> tuple[list[str], set[str]] | None:
        """The files that are not as the last make left them, and those that are missing. None
        where nothing tells: no list, a damaged one, or one from before the machine went down."""
        try:
            raw = self.listed.read_bytes()
        except OSError:
            return None
        text, said = raw[:-64], raw[-64:]
        if _sum(text) != said:
            return None
        epoch, *rows = text.decode("utf-8", "surrogateescape").split("\0")[:-1]
        if epoch != epoch_of(self.folder.absolute()):
            return None
        known = set(rows)
        there = dict(self._found())
        missing = {row.split(" ", 3)[3] for row in rows} - there.keys()
        return [name for name, looks in there.items() if f"{looks} {name}" not in known], missing

    def _found(self) -> Iterator[tuple[str, str]]:
        folders = [""]
        while folders:
            folder = folders.pop()
            with os.scandir(self.folder / folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(f"{folder}{entry.name}/")
                    elif not entry.name.startswith(_OURS):
                        status = entry.stat(follow_symlinks=False)
                        times = f"{status.st_mtime_ns} {status.st_ctime_ns}"
                        yield f"{folder}{entry.name}", f"{status.st_size} {times}"


def _sum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()
