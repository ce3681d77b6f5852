# SPDX-License-Identifier: GPL-2.0-only
"""Pipes to programs through which a gigabyte goes."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from typing import IO

_PIPE = 1 << 20
"""Bytes that Linux lets an ordinary user's pipe hold: fewer changes from program to program."""


def wide(pipe: IO[bytes] | None) -> IO[bytes]:
    """The same pipe, to be read from, with a larger buffer than Popen gives it, here and in Linux.
    The given one is closed."""
    assert pipe is not None
    with pipe:
        end = os.dup(pipe.fileno())
    with suppress(OSError):
        fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _PIPE)
    return os.fdopen(end, "rb", _PIPE)
