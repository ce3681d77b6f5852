# SPDX-License-Identifier: GPL-2.0-only
"""operators.toml: how bugs are made of code that nobody has looked at."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from zpmaint.core.config import checked
from zpmaint.core.toml import read_toml
from zpmaint.patchset.table_base import Said

TABLE = Path(__file__).with_name("operators.toml")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
At = Literal[
    "statement", "call-statement", "call-value", "condition", "loop", "side", "token", "not",
    "arguments", "argument", "number", "constant", "flags", "flag", "return-number",
    "return-pointer", "assigned",
]  # fmt: skip
"""The kinds of places that spots.py finds."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Operator(_Table):
    """[[operator]]: one slip, and where it can be made."""

    name: Name
    kind: Said
    at: At
    why: Said
    make: tuple[Said, ...] = ()
    names: tuple[Said, ...] = ()
    unless: tuple[Said, ...] = ()
    swap: Mapping[Said, Said] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _makes(self) -> Operator:
        if bool(self.swap) != (self.at == "token") or bool(self.make) == bool(self.swap):
            raise ValueError("either `make`, or with at = 'token' `swap`")
        return self

    def takes(self, name: str) -> bool:
        """Whether it is for calls of a function; `name` is '' where the place is no call."""
        if self.names and not _matches(name, self.names):
            return False
        return not _matches(name, self.unless)


class Property(_Table):
    """[[property]]: what a branch can be held to, in functions that use the names."""

    uses: tuple[Said, ...]
    texts: Annotated[tuple[Said, ...], Field(min_length=1)]
    why: Said


class Family(_Table):
    """[[family]]: flags that are taken for one another."""

    prefix: Said
    flags: Annotated[tuple[Said, ...], Field(min_length=2)]


class LeftAlone(_Table):
    """[[left-alone]]: calls that are no place for a bug."""

    names: tuple[Said, ...]
    why: Said


class Operators(_Table):
    """All of the table."""

    operator: Annotated[tuple[Operator, ...], Field(min_length=1)]
    left_alone: tuple[LeftAlone, ...] = Field(default=(), alias="left-alone")
    property: tuple[Property, ...] = ()
    family: tuple[Family, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Operators:
        names = [row.name for row in self.operator]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"operator.name: there twice: {', '.join(twice)}")
        return self

    def leaves_alone(self, name: str) -> bool:
        """Whether calls of a function are no place for a bug."""
        return any(_matches(name, row.names) for row in self.left_alone)

    def properties(self, used: Collection[str]) -> Iterator[str]:
        """What a branch can be held to in a function that uses these names."""
        seen = dict.fromkeys(
            text for row in self.property if {*row.uses} <= {*used} for text in row.texts
        )
        yield from seen

    def others(self, flag: str) -> Iterator[str]:
        """The flags that are taken for `flag`: those of the family with the longest prefix."""
        families = [row for row in self.family if flag.startswith(row.prefix)]
        if families:
            family = max(families, key=lambda row: len(row.prefix))
            yield from (other for other in family.flags if other != flag)


def _matches(name: str, globs: Collection[str]) -> bool:
    return bool(name) and any(fnmatchcase(name, glob) for glob in globs)


def load_operators(path: Path) -> Operators:
    """A table of operators. Raises UserError: file, key, what would be right."""
    return checked(Operators, read_toml(path), path)


@functools.cache
def operators() -> Operators:
    """The package's own."""
    return load_operators(TABLE)
