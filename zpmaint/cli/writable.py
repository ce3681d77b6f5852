# SPDX-License-Identifier: GPL-2.0-only
"""Places that a command is asked to write to: tried before the work begins, which may take hours.

Nothing is left there by the trial. What the disk takes now it may still refuse later (it fills up):
that is told then, as trouble of the surroundings.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from zpmaint.core.errors import InfraError, UserError

_MACHINES = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What a disk says whichever place was named."""


class _Writable(click.Path):
    """The path of something to write. Raises UserError, with the option, where nothing can be
    written; InfraError where its disk is full or failing."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        named = f"{param.opts[0]} {path}" if param else str(path)
        if self.file_okay and path.exists() and not (path.is_file() or path.is_dir()):
            # By rename a file lands in the place of what is there, be it /dev/null.
            raise UserError(f"{named}: neither a file nor a folder", "name a file of its own")
        _try(path, named)
        return path


def _try(path: Path, named: str) -> None:
    """Make a file without a name where `path` is to be, or in the nearest folder above that."""
    place = path if path.is_dir() else _nearest(path.parent)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        said = f"{named}: nothing can be written in {place}: {error.strerror}"
        if error.errno in _MACHINES:
            raise InfraError(said, "free some space, or name another disk") from None
        raise UserError(said, "name a place that this user may write to") from None


def _nearest(folder: Path) -> Path:
    """The folder, or what is there of those above it."""
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


FOLDER = _Writable(path_type=Path, file_okay=False)
FILE = _Writable(path_type=Path, dir_okay=False)
EITHER = _Writable(path_type=Path)
