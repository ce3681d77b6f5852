# SPDX-License-Identifier: GPL-2.0-only
"""The pages on the disk: one whole site replaces the former in one step.

A kill at any moment leaves the former site or the new one, whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked
from zpmaint.publish.page import Page

MARKER = ".zpmaint-site"
"""The file that says a folder is a site of ours, which the next one may replace."""
_MARK = b"A status page written by zpmaint; the next one replaces this folder whole.\n"


def write_pages(pages: Iterable[Page], out: Path) -> list[Path]:
    """Write the site to `out`, replacing a former one, and name its files.

    Raises UserError if `out` is something other than an empty folder or a former site."""
    written = [out / MARKER]
    with locked(out):
        _replaceable(out)
        with landing(out) as fresh:
            (fresh / MARKER).write_bytes(_MARK)
            for page in pages:
                path = fresh / page.address
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(page.make())
                written.append(out / page.address)
    return written


def _replaceable(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UserError(f"{out}: not a folder", "name a folder for the site")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise UserError(
            f"{out}: holds files that are not a former site; nothing was written",
            "name a new or empty folder: it is replaced whole",
        )
