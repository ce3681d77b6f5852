# SPDX-License-Identifier: GPL-2.0-only
"""What is known of each changed file and hunk: compiled into the kernel, into a module, or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from zpmaint.build import derived
from zpmaint.build.derived import NOTHING, Derived


class Compiled(StrEnum):
    """Where a part of a change has ended up."""

    KERNEL = "kernel"
    """In an object of the image that boots."""
    MODULE = "module"
    """In an object of a module that was built."""
    NOT = "not compiled"
    """In no object that was built."""
    NO_CODE = "no code"
    """Nothing that a kernel is made of: documentation, a comment, a blank line."""

    @property
    def is_shown(self) -> bool:
        """Whether there is nothing about it that a build has yet to show."""
        return self is not Compiled.NOT


@dataclass(frozen=True)
class HunkEvidence:
    """One hunk of the port."""

    header: str
    """Its range in the ported patch, as HunkPort.header has it: @@ -1569,16 +1569,11 @@."""
    compiled: Compiled
    why: str
    """The record that shows it (mm/memory.o), or what keeps it out (#ifdef CONFIG_NUMA)."""
    symbols: tuple[str, ...] = ()
    """Configuration symbols, without CONFIG_, that would have it built; empty where it is."""


@dataclass(frozen=True)
class FileEvidence:
    """One file of the port."""

    path: str
    compiled: Compiled
    why: str
    objects: tuple[str, ...] = ()
    """The objects it went into, below the build folder; of a header with many, the first few."""
    changed: bool | None = None
    """Whether an object differs between the stock and the patched kernel; None where there is no
    object to compare."""
    symbols: tuple[str, ...] = ()
    hunks: tuple[HunkEvidence, ...] = ()
    patch: str = ""
    """The patch of a series that it belongs to; '' where the set is one patch."""


@dataclass(frozen=True)
class Evidence:
    """What a build of the pair showed of a port."""

    files: tuple[FileEvidence, ...]
    profile: str
    """The build profile, and the fragments on top of it."""
    derived: Derived = NOTHING
    """What of the configuration follows the patch."""

    @property
    def hunks(self) -> tuple[HunkEvidence, ...]:
        return tuple(hunk for file in self.files for hunk in file.hunks)

    @property
    def missing(self) -> tuple[FileEvidence, ...]:
        """The files of which a part is in no object."""
        return tuple(
            file
            for file in self.files
            if not file.compiled.is_shown or any(not h.compiled.is_shown for h in file.hunks)
        )

    @property
    def is_whole(self) -> bool:
        """Whether every part of the change was compiled."""
        return not self.missing

    @property
    def counts(self) -> str:
        """How many hunks were compiled, in words: 12 of 14 hunks compiled, 1 without code."""
        kinds = [hunk.compiled for hunk in self.hunks]
        no_code = kinds.count(Compiled.NO_CODE)
        built = sum(kind in (Compiled.KERNEL, Compiled.MODULE) for kind in kinds)
        rest = f", {no_code} more without code" if no_code else ""
        return f"{built} of {len(kinds) - no_code} hunks compiled{rest}"

    @property
    def why(self) -> str:
        """What keeps it from being whole, in one line, with the symbols that would build it; ''
        where it is."""
        if self.is_whole:
            return ""
        names = ", ".join(": ".join(filter(None, (f.patch, f.path))) for f in self.missing)
        wanted = dict.fromkeys(s for f in self.missing for s in _symbols(f))
        needs = f"; needs {', '.join(f'CONFIG_{name}' for name in wanted)}" if wanted else ""
        off = f"; {self.derived.off}" if self.derived.stays_off else ""
        return f"not compiled with profile {self.profile}: {names}{needs}{off}"

    def as_json(self) -> dict[str, Any]:
        """JSON's own types; `from_json` reads it."""
        return {"profile": self.profile, "whole": self.is_whole, "why": self.why,
                "derived": self.derived.as_json(),
                "files": [asdict(file) for file in self.files]}  # fmt: skip


def _symbols(file: FileEvidence) -> tuple[str, ...]:
    return (*file.symbols, *(s for hunk in file.hunks for s in hunk.symbols))


def from_json(value: Mapping[str, Any]) -> Evidence:
    """The Evidence that `as_json` wrote. Raises KeyError or ValueError for anything else."""
    return Evidence(
        tuple(
            FileEvidence(
                path=row["path"],
                compiled=Compiled(row["compiled"]),
                why=row["why"],
                objects=tuple(row["objects"]),
                changed=row["changed"],
                symbols=tuple(row["symbols"]),
                hunks=tuple(
                    HunkEvidence(
                        h["header"], Compiled(h["compiled"]), h["why"], tuple(h["symbols"])
                    )
                    for h in row["hunks"]
                ),
                patch=row["patch"],
            )
            for row in value["files"]
        ),
        value["profile"],
        derived.from_json(value["derived"]) if "derived" in value else NOTHING,
    )
