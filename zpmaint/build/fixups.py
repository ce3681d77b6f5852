# SPDX-License-Identifier: GPL-2.0-only
"""Source fix-ups: what today's tools need changed in an old tree, declared in fixups.toml.

They belong to the build and never to the patch: both kernels of a pair get the same ones.
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from zpmaint.build.conditions import Pattern, SourceView, Table
from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.errors import KernelError
from zpmaint.core.strict import Arch
from zpmaint.core.text import to_bytes, to_text
from zpmaint.core.versions import KernelVersion

_DATA = Path(__file__).parent / "fixups.toml"


class Replacement(Table):
    """Every match of `find` becomes `text` (\\1, \\g<name> as in re.sub)."""

    find: Pattern
    """What is looked for."""
    text: str
    """What stands there instead."""


class Fixup(Table):
    """One row of fixups.toml."""

    name: str
    """What records and tables call it."""
    files: Annotated[tuple[str, ...], Field(min_length=1)]
    """Globs below the tree's root."""
    when: Pattern
    """Found in a file: this file needs it. Must no longer be found afterwards."""
    replace: Annotated[tuple[Replacement, ...], Field(min_length=1)]
    """What is made of it, one after the other."""
    why: str
    """What today's tools refuse, since when, and who mended it upstream."""
    arch: Arch | None = None
    """The one architecture that it is for; left out: all."""
    since: str | None = None
    """The first kernel that it is for, where content alone does not tell."""
    until: str | None = None
    """The first kernel that it is no longer for."""

    @property
    def era(self) -> Era:
        """The versions it is for, where content alone does not tell."""
        return Era.parse(self.since, self.until)


class _File(Table):
    fixup: tuple[Fixup, ...]


@dataclass(frozen=True)
class Mended:
    """What the fix-ups made of a tree."""

    names: tuple[str, ...]
    """The fix-ups that were applied, in the order of the data file."""
    files: dict[str, bytes]
    """The files they changed, whole."""


@functools.cache
def declared(path: Path = _DATA) -> tuple[Fixup, ...]:
    """The rows of fixups.toml. Raises UserError naming a bad key."""
    return checked(_File, tomllib.loads(path.read_text()), path).fixup


def mend(
    tree: SourceView, version: KernelVersion, arch: str, rows: tuple[Fixup, ...] | None = None
) -> Mended:
    """Apply every fix-up that the tree calls for.

    Raises KernelError where one is called for and changes nothing, or does not take: a kernel
    built without it would be silently wrong.
    """
    names: list[str] = []
    files: dict[str, bytes] = {}
    for row in declared() if rows is None else rows:
        if row.arch not in (None, arch) or version not in row.era:
            continue
        for path in (path for glob in row.files for path in tree.glob(glob)):
            before = to_text(files.get(path) or tree.read(path) or b"")
            if not re.search(row.when, before, re.MULTILINE):
                continue
            files[path] = to_bytes(_applied(row, path, before, version))
            if row.name not in names:
                names.append(row.name)
    return Mended(tuple(names), files)


def _applied(row: Fixup, path: str, before: str, version: KernelVersion) -> str:
    after = before
    for step in row.replace:
        after = re.sub(step.find, step.text, after, flags=re.MULTILINE)
    if after == before:
        fault = "calls for it, but it replaces nothing there"
    elif re.search(row.when, after, re.MULTILINE):
        fault = "still calls for it after it was applied"
    else:
        return after
    raise KernelError(
        f"fix-up {row.name}: {path} of {version} {fault}",
        "correct its `replace` in zpmaint/build/fixups.toml",
    )
