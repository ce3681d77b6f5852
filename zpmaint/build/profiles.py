# SPDX-License-Identifier: GPL-2.0-only
"""Config profiles: what a kernel of an era is configured with, declared in profiles.toml."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zpmaint.build.conditions import Condition, SourceView, Table
from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.strict import Arch
from zpmaint.core.wishes import Wish, parse_wishes

_DATA = Path(__file__).parent / "profiles.toml"
PACKAGED = _DATA.parent / "profiles"


class Profile(Table):
    """One row of profiles.toml."""

    name: str
    """What --profile calls it."""
    arch: Arch
    """The architecture that it is for."""
    config: str
    """The file of profiles/ that the configuration is made of."""
    layers: tuple[str, ...] = ()
    """.config files on top of `config`; a line of a later one takes the place of an earlier's."""
    target: str
    """What make is asked for."""
    image: Annotated[tuple[str, ...], Field(min_length=1)]
    """Where the image may be below the build folder; the first that is there is it."""
    kind: Literal["vmlinux", "bzImage", "Image"]
    """The form of the image."""
    lines: int
    """About how many lines make prints: for the progress."""
    tools: tuple[str, ...] = ()
    """Programs that the build needs beside the usual."""
    make: dict[str, str] = Field(default_factory=dict)
    """Variables that make is given."""
    toolchain: str = ""
    """The toolchain by name; left out: the first that fits the tree."""
    when: Condition = Condition()
    """The trees that it fits."""
    why: str
    """What it is for."""

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """The lines of its .config files, each symbol once."""
        return self.wishes_from((PACKAGED,))

    def wishes_from(self, folders: Sequence[Path]) -> tuple[Wish, ...]:
        """The same; each file from the first of `folders` that has it. Raises UserError where
        none has."""
        found: dict[str, Wish] = {}
        for name in (self.config, *self.layers):
            path = next((p for folder in folders if (p := folder / name).is_file()), None)
            if path is None:
                raise UserError(
                    f"profile {self.name}: no {name} in {' or '.join(map(str, folders))}",
                    "add the file, or correct `config` and `layers`",
                )
            found |= {wish.symbol: wish for wish in read_wishes(path)}
        return tuple(found.values())


class _File(Table):
    profile: tuple[Profile, ...]


@functools.cache
def declared(path: Path = _DATA) -> tuple[Profile, ...]:
    """The rows of profiles.toml, in order of preference."""
    return checked(_File, tomllib.loads(path.read_text()), path).profile


def choose(
    tree: SourceView,
    arch: str,
    name: str | None = None,
    all_rows: Sequence[Profile] | None = None,
) -> Profile:
    """The first profile of `arch` that fits the tree, or the one that `name` asks for."""
    among = declared() if all_rows is None else all_rows
    rows = [row for row in among if row.arch == arch]
    if not rows:
        raise UserError(
            f"no config profile for {arch}",
            f"there are some for: {', '.join(sorted({row.arch for row in among}))}",
        )
    fitting = [row for row in rows if row.when.met(tree)]
    for row in fitting:
        if name in (None, row.name):
            return row
    if name is not None:
        raise UserError(
            f"no config profile {name!r} for this {arch} tree",
            f"choose one of: {', '.join(row.name for row in fitting) or 'none fits'}",
        )
    raise UserError(
        f"no config profile fits this {arch} tree",
        "add one to zpmaint/build/profiles.toml",
    )


@functools.cache
def read_wishes(path: Path) -> tuple[Wish, ...]:
    """The lines of a .config file of this project. Raises UserError at a line without a reason."""
    return parse_wishes(path.read_text(encoding="utf-8"), str(path))
