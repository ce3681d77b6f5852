# SPDX-License-Identifier: GPL-2.0-only
"""A patch as unidiff reads it, with its files named as git names them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile
from unidiff.patch import PatchSet as UnifiedDiff

from zpmaint.core.errors import UserError
from zpmaint.diffs.paths import NOWHERE
from zpmaint.patchset.values import Anchor

Blobs = Mapping[str, bytes | None]
"""Contents by path; None for a file that is not there."""
Frozen = tuple[tuple[str, bytes | None], ...]
"""The same as a key of what is remembered."""


def paths(patch: str) -> tuple[str, ...]:
    """The files that a patch touches, as they are called under a kernel tree's top."""
    return tuple(file.path for file in files_of(patch))


def touched_by(anchor: Anchor) -> tuple[str, ...]:
    """The files of the kernel that an anchor reads or writes."""
    return paths(anchor.patch) if anchor.is_single else anchor.series.paths


@lru_cache(maxsize=16)
def files_of(patch: str) -> tuple[PatchedFile, ...]:
    """The files of a patch. Raises UserError where it is none."""
    try:
        files = tuple(UnifiedDiff.from_string(patch))
    except UnidiffParseError as error:
        raise UserError(f"the anchor is no unified diff: {error}", "cut it anew") from error
    if not files:
        raise UserError("the anchor holds no diff", "cut it with git diff or diff -u")
    return tuple(map(_as_p1, files))


def _as_p1(file: PatchedFile) -> PatchedFile:
    """The file with its names as git writes them: whatever stands first in a header's name
    (linux.orig/ as well as a/) is what -p1 takes off."""
    file.source_file = _renamed(file.source_file, "a")
    file.target_file = _renamed(file.target_file, "b")
    return file


def _renamed(name: str, side: str) -> str:
    first, slash, inside = name.partition("/")
    if name == NOWHERE or not slash or first == side:
        return name
    return f"{side}/{inside}"
