# SPDX-License-Identifier: GPL-2.0-only
"""kernels.toml as the service follows it: the newest one without faults, kept beside the ledger,
where the service's commands read it. One with faults is told, and the former one stays."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from zpmaint.core.config import Config
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.core.files import write_whole

_Seen = tuple[int, int, int] | None


class Settings:
    """What is followed, and whether the project's file is still that."""

    def __init__(self, source: Path, kept: Path, read: Callable[[Path], Config]) -> None:
        """`read` gives the whole of a file, checked; it raises UserError. Raises UserError where
        the project's file has faults and none is kept, InfraError where none can be kept."""
        self._source, self.kept, self._read = source, kept, read
        self._seen: _Seen = None
        self.error = ""
        """Why the project's file is not followed; '' it is."""
        found = self._take()
        if found is None:
            try:
                found = read(kept)
            except ZpmaintError:
                raise UserError(self.error, "mend it; there is no earlier one to go by") from None
        self.config: Config = found

    def look(self, *, anyway: bool = False) -> bool:
        """Read the file again if it is another one than last time, or `anyway`. Whether something
        is to be told: another configuration is followed now, or `error` has become another one."""
        if not anyway and _seen(self._source) == self._seen:
            return False
        before = self.error
        found = self._take()
        if found is None:
            return self.error != before or anyway
        is_new = found != self.config
        self.config = found
        return is_new or bool(before) or anyway

    def _take(self) -> Config | None:
        self._seen = _seen(self._source)
        try:
            data = self._source.read_bytes()
            found = self._read(self._source)
            if self._source.read_bytes() != data:  # somebody is writing it
                self._seen = None
                self.error = f"{self._source}: changed while it was read"
                return None
            if self._kept_now() != data:
                write_whole(self.kept, data)
        except OSError as error:
            if isinstance(error, InfraError):
                raise
            self.error = f"{self._source}: {error.strerror}"
            return None
        except UserError as error:
            self.error = str(error)
            return None
        self.error = ""
        return found

    def _kept_now(self) -> bytes:
        with suppress(OSError):
            return self.kept.read_bytes()
        return b""


def _seen(path: Path) -> _Seen:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
