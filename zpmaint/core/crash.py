# SPDX-License-Identifier: GPL-2.0-only
"""A bug of ours: the traceback goes to a file that can be sent, the user sees one line."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from zpmaint import __version__
from zpmaint.core.errors import IndeterminateError, InfraError
from zpmaint.core.shown import one_line


def keep(error: BaseException, folder: Path | None = None) -> str:
    """Write what a maintainer needs of `error` to a file of its own, in `folder` or where temporary
    files are; its name, or why there is none."""
    text = (
        f"zpmaint {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"{' '.join(sys.argv)}\n\n{''.join(traceback.format_exception(error, limit=-200))}"
    )
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix="zpmaint-crash-", suffix=".txt", dir=folder)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as out:
            out.write(text)
    except OSError as failed:
        return f"no file of it: {failed.strerror or failed}"
    return name


def as_failure(error: Exception, folder: Path | None = None) -> InfraError:
    """What ended a step that is to be survived: an error of the system's as such, any other as a
    bug of ours, of which nothing is known but that it is not shown to be the kernel's."""
    if isinstance(error, OSError):
        where = f"{os.fspath(error.filename)!r}: " if error.filename else ""
        return InfraError(one_line(f"{where}{error.strerror or error}"))
    return IndeterminateError(
        one_line(f"zpmaint itself failed: {type(error).__name__}: {error}"),
        f"a bug in zpmaint; report it with {keep(error, folder)}",
    )
