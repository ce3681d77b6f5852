# SPDX-License-Identifier: GPL-2.0-only
"""A digest of what makes the pages: code, templates, data. Other code may make other pages of the
same ledger, and a site that another version left behind is made anew."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_ROOMS = (
    *("publish", "timeline", "judge", "ledger", "patchset", "core"),
    *("build/derived.py", "build/evidence.py", "build/executed.py", "build/running/values.py"),
)
"""Where what is on a page, or how it is worded, comes from."""


@functools.cache
def program() -> str:
    """That digest."""
    digest = sha256()
    for name in _ROOMS:
        for path in sorted(_files(str(_PACKAGE / name))):
            digest.update(f"{path.removeprefix(str(_PACKAGE))}\0".encode())
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123  hundreds of them
                digest.update(sha256(file.read()).digest())
    return digest.hexdigest()[:32]


def _files(place: str) -> Iterator[str]:
    if Path(place).is_file():
        yield place
        return
    with os.scandir(place) as entries:
        for found in entries:
            if found.is_dir():
                if found.name != "__pycache__":
                    yield from _files(found.path)
            elif not found.name.startswith("."):
                yield found.path
