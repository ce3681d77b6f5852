# SPDX-License-Identifier: GPL-2.0-only
"""What a compiler said of a port: a fact beside the confidence of its hunks. Pure.

A carried hunk stands where a rule put it; that the result compiles is another kind of evidence,
and keeps a place of its own: a hunk's confidence stays what it was. What was to be compiled and
was not, is at most UNPROVEN sure; what stock compiles and the port does not, is a conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

UNPROVEN = 0.94
"""What a carried hunk is sure at most where a compiler was to be asked and could not be: below
the 0.95 from which on a port counts as sure."""


class Proof(StrEnum):
    """What is known of one file."""

    PROVEN = "compiled"
    """Stock and patched, every changed line that holds code."""
    PARTLY = "compiled in part"
    """Some of its changed lines are under a conditional that is off."""
    REFUSED = "refused"
    """Stock compiles, the port does not."""
    NOT = "not compiled"
    """It was not tried, or no configuration was found that has it compiled."""
    NO_CODE = "no code"
    """Nothing that a compiler reads: prose, or a file that is deleted."""


@dataclass(frozen=True)
class Place:
    """The hunk of the ported patch that a compiler's line is blamed on."""

    patch: str
    """The patch of the series; '' where there is one only."""
    path: str
    number: int
    """Of the file's hunks, from 0."""
    count: int
    """How many hunks the file has."""


@dataclass(frozen=True)
class CompilerLine:
    """One line of a compiler, the build folder's name taken out."""

    path: str
    line: int
    """Counted from 1; 0 where it names none."""
    text: str
    """error: 'X' undeclared (first use in this function)."""
    place: Place | None = None

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " * bool(self.path)
        return f"{where}{self.text}"


@dataclass(frozen=True)
class FileProof:
    """One file of the port."""

    path: str
    proof: Proof
    why: str
    """The objects that show it, what keeps it from being compiled, or the compiler's line."""
    objects: tuple[str, ...] = ()
    errors: tuple[CompilerLine, ...] = ()
    """Of a refused file the first lines."""

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "proof": str(self.proof),
            "why": self.why,
            "objects": list(self.objects),
            "errors": [str(line) for line in self.errors],
        }


@dataclass(frozen=True)
class CompileProof:
    """What came of compiling the files that a port touches."""

    files: tuple[FileProof, ...]
    by: str
    """Profile and compiler, and the symbols that were switched on beyond the profile."""

    @property
    def refused(self) -> tuple[FileProof, ...]:
        return tuple(file for file in self.files if file.proof is Proof.REFUSED)

    @property
    def words(self) -> str:
        """compiled: 2 of 3 touched files; not: drivers/x.c: needs CONFIG_X."""
        coded = [file for file in self.files if file.proof is not Proof.NO_CODE]
        proven = sum(file.proof is Proof.PROVEN for file in coded)
        said = f"compiled: {proven} of {len(coded)} touched files"
        left = [file for file in coded if file.proof is not Proof.PROVEN]
        kinds = (
            (Proof.REFUSED, "does not compile"),
            (Proof.PARTLY, "in part"),
            (Proof.NOT, "not"),
        )
        for kind, word in kinds:
            rows = [f"{file.path}: {file.why}" for file in left if file.proof is kind]
            if rows:
                said += f"; {word}: {'; '.join(rows)}"
        return said

    def of(self, path: str) -> FileProof | None:
        return next((file for file in self.files if file.path == path), None)

    def as_json(self) -> dict[str, Any]:
        """JSON's own types; `from_json` reads it but for the places of compiler's lines."""
        return {
            "by": self.by,
            "words": self.words,
            "files": [file.as_json() for file in self.files],
        }


def not_compiled(paths: Mapping[str, str], by: str = "") -> CompileProof:
    """The proof where nothing could be compiled: by path why not."""
    return CompileProof(tuple(FileProof(path, Proof.NOT, why) for path, why in paths.items()), by)
