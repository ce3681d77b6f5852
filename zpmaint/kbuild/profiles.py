"""Config profiles: what a kernel of an era is configured with, declared in profiles.toml."""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.kbuild.conditions import Condition, SourceView, Table

_DATA = Path(__file__).parent / "profiles.toml"
_LINE = re.compile(r"CONFIG_(?P<symbol>\w+)=(?P<value>.+)")


@dataclass(frozen=True)
class Wish:
    """One line of a .config file of this project."""

    symbol: str
    value: str
    """y, n, a number or a quoted string, as kconfig writes it; n stands for "is not set"."""
    required: bool
    """Whether a kernel without it is of no use."""
    why: str


class Profile(Table):
    """One row of profiles.toml."""

    name: str
    arch: Literal["x86_64", "i386"]
    config: str
    layers: tuple[str, ...] = ()
    """.config files on top of `config`; a line of a later one takes the place of an earlier's."""
    target: str
    image: Annotated[tuple[str, ...], Field(min_length=1)]
    """Where the image may be below the build folder; the first that is there is it."""
    kind: Literal["vmlinux", "bzImage"]
    lines: int
    tools: tuple[str, ...] = ()
    make: dict[str, str] = Field(default_factory=dict)
    when: Condition = Condition()
    why: str

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """The lines of its .config files, each symbol once."""
        found: dict[str, Wish] = {}
        for name in (self.config, *self.layers):
            found |= {wish.symbol: wish for wish in read_wishes(_DATA.parent / "profiles" / name)}
        return tuple(found.values())


class _File(Table):
    profile: tuple[Profile, ...]


@functools.cache
def declared(path: Path = _DATA) -> tuple[Profile, ...]:
    """The rows of profiles.toml, in order of preference."""
    return checked(_File, tomllib.loads(path.read_text()), path).profile


def choose(tree: SourceView, arch: str, name: str | None = None) -> Profile:
    """The first profile of `arch` that fits the tree, or the one that `name` asks for."""
    rows = [row for row in declared() if row.arch == arch]
    if not rows:
        raise UserError(
            f"no config profile for {arch}",
            f"there are some for: {', '.join(sorted({row.arch for row in declared()}))}",
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
        "add one to zpmaint/kbuild/profiles.toml",
    )


@functools.cache
def read_wishes(path: Path) -> tuple[Wish, ...]:
    """Parse a .config file of this project. Raises UserError at a line without a reason."""
    wishes: list[Wish] = []
    reason = ""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        text = line.strip()
        if text.startswith("#"):
            reason = text.removeprefix("#").strip()
        elif found := _LINE.fullmatch(text):
            if not reason:
                raise UserError(f"{path}:{number}: {text}: no reason given", "put one above it")
            wishes.append(
                Wish(
                    found["symbol"],
                    found["value"],
                    reason.startswith("required:"),
                    reason.removeprefix("required:").strip(),
                )
            )
            reason = ""
        elif text:
            raise UserError(f"{path}:{number}: {text!r}", "write CONFIG_NAME=value, n for no")
    return tuple(wishes)
