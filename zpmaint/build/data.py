# SPDX-License-Identifier: GPL-2.0-only
"""The rows that builds are chosen from: this package's, and a project's own on top of them.

A project keeps fixups.toml, toolchains.toml, profiles.toml and profiles/*.config in a folder of
its own, laid out as zpmaint/build/ is. A row with the name of a packaged one replaces it; a new
one is asked before all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from zpmaint.build import fixups, profiles, toolchains
from zpmaint.build.conditions import Table
from zpmaint.build.fixups import Fixup
from zpmaint.build.profiles import Profile
from zpmaint.build.toolchains import Toolchain
from zpmaint.core.config import checked
from zpmaint.core.errors import UserError
from zpmaint.core.layers import layered
from zpmaint.core.toml import read_toml

FILES = ("fixups.toml", "toolchains.toml", "profiles.toml")
_FOLDER = "profiles"


class _Fixups(Table):
    fixup: tuple[Fixup, ...] = ()


class _Toolchains(Table):
    toolchain: tuple[Toolchain, ...] = ()


class _Profiles(Table):
    profile: tuple[Profile, ...] = ()


Model = TypeVar("Model", _Fixups, _Toolchains, _Profiles)


@dataclass(frozen=True)
class BuildData:
    """Fix-ups, toolchains and profiles, each in the order in which they are asked."""

    fixups: tuple[Fixup, ...]
    toolchains: tuple[Toolchain, ...]
    profiles: tuple[Profile, ...]
    configs: tuple[Path, ...]
    """Folders of .config files, the project's first."""
    own: frozenset[tuple[str, str]] = frozenset()
    """The rows that are the project's: (fixup, NAME), (toolchain, NAME), (profile, NAME)."""

    def label(self, kind: str, name: str) -> str:
        """A row's name as records and tables give it: with (project) where it is not packaged."""
        return f"{name} (project)" if (kind, name) in self.own else name


def packaged() -> BuildData:
    """The rows of this package."""
    return BuildData(
        fixups.declared(), toolchains.declared(), profiles.declared(), (profiles.PACKAGED,)
    )


def over(folder: Path) -> BuildData:
    """The package's rows with those of `folder` on top. Raises UserError naming file and key, and
    for a file of another name, which nobody would read."""
    base = packaged()
    if not folder.is_dir():
        return base
    if odd := sorted({p.name for p in folder.iterdir()} - {*FILES, _FOLDER}):
        raise UserError(
            f"{folder}: {odd[0]} is read by nothing",
            f"what may be there: {', '.join(FILES)} and {_FOLDER}/",
        )
    mended = _read(folder / FILES[0], _Fixups).fixup
    chains = _read(folder / FILES[1], _Toolchains).toolchain
    rows = _read(folder / FILES[2], _Profiles).profile
    return BuildData(
        layered(mended, base.fixups, lambda row: row.name),
        layered(chains, base.toolchains, lambda row: row.name),
        layered(rows, base.profiles, lambda row: (row.name, row.arch)),
        (folder / _FOLDER, *base.configs),
        frozenset(
            (kind, row.name)
            for kind, own in (("fixup", mended), ("toolchain", chains), ("profile", rows))
            for row in own
        ),
    )


def _read(path: Path, model: type[Model]) -> Model:
    if not path.is_file():
        return model()
    return checked(model, read_toml(path), path)
