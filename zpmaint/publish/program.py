# SPDX-License-Identifier: GPL-2.0-only
"""A digest of what makes the pages: code, templates, data. Other code may make other pages of the
same ledger, and a site that another version left behind is made anew."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_ROOMS = ("publish", "timeline", "judge", "ledger", "patchset", "build/evidence.py", "core")
"""Where what is on a page, or how it is worded, comes from."""


@functools.cache
def program() -> str:
    """That digest."""
    digest = sha256()
    for path in sorted(_files()):
        digest.update(f"{path.relative_to(_PACKAGE)}\0".encode())
        digest.update(sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:32]


def _files() -> Iterator[Path]:
    for name in _ROOMS:
        place = _PACKAGE / name
        yield from [place] if place.is_file() else _below(place)


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith("."):
            yield path
