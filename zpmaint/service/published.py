# SPDX-License-Identifier: GPL-2.0-only
"""status.json of the published site, as far as the service goes by it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zpmaint.core.beneath import read_beneath

STATUS = "status.json"
_SCHEMAS = (2,)


class Published:
    """The site's own word, read again when it is another one."""

    def __init__(self, site: Path) -> None:
        self._site = site
        self._seen: tuple[int, int, int] | None = None
        self._kernels: Mapping[tuple[str, str], int] = {}

    def kernels(self) -> Mapping[tuple[str, str], int]:
        """By patch set and state how many of the tracked kernels are so; what it was last where the
        site cannot be read just now."""
        try:
            found = (self._site / STATUS).stat()
            seen = (found.st_ino, found.st_size, found.st_mtime_ns)
            if seen != self._seen:
                self._kernels = counted(status_of(self._site))
                self._seen = seen
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass  # a number for a graph: the next look has it
        return self._kernels


def status_of(site: Path) -> dict[str, Any]:
    """The document. Raises FileNotFoundError, OSError, and ValueError where it is none of ours."""
    raw = read_beneath(site, STATUS)
    if raw is None:
        raise FileNotFoundError(2, "no such file", str(site / STATUS))
    try:
        found = json.loads(raw)
    except RecursionError:
        raise ValueError("not a document of ours") from None
    if not isinstance(found, dict) or found.get("schema") not in _SCHEMAS:
        raise ValueError(f"not of schema {_SCHEMAS[0]}")
    return found


def counted(status: Mapping[str, Any]) -> dict[tuple[str, str], int]:
    """By patch set and state its tracked kernels."""
    return Counter(
        (str(one["name"]), str(kernel["state"]))
        for one in status["patchsets"]
        for kernel in one["kernels"]
        if kernel["standing"] == "tracked"
    )
