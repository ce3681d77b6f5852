# SPDX-License-Identifier: GPL-2.0-only
"""What generated bugs came to, and what that says of a suite. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zpmaint.mutation.aim import Ring
from zpmaint.mutation.generated import Generated
from zpmaint.mutation.undone import KIND as UNDONE
from zpmaint.mutation.values import Score, State, Trial, score

NOTICED = (State.CAUGHT, State.BOOT, State.WRONG)


@dataclass(frozen=True)
class Tried:
    """One generated bug and what became of it."""

    mutant: Generated
    ring: Ring
    trial: Trial

    def as_json(self) -> dict[str, Any]:
        mutant = self.mutant
        return self.trial.as_json() | {
            "operator": mutant.operator,
            "file": mutant.file,
            "function": mutant.function,
            "line": mutant.line,
            "ring": self.ring.name.lower(),
            "diff": mutant.diff,
        }


def scores(tried: Sequence[Tried], by: Callable[[Tried], str]) -> dict[str, Score]:
    """A score for each word that `by` gives, by name."""
    groups: dict[str, list[Trial]] = {}
    for one in tried:
        groups.setdefault(by(one), []).append(one.trial)
    return {word: score(tuple(groups[word])) for word in sorted(groups)}


@dataclass(frozen=True)
class OwnLine:
    """A line of the patch, or beside what it takes away."""

    file: str
    line: int
    """Counted from 1, in the patched file."""
    text: str
    tried: int
    """Bugs in it that change what a program could see."""
    noticed: int

    def as_json(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "line": self.line,
            "text": self.text,
            "tried": self.tried,
            "noticed": self.noticed,
        }


def own_of(
    tried: Iterable[Tried],
    own: Mapping[str, frozenset[int]],
    files: Mapping[str, bytes],
) -> tuple[OwnLine, ...]:
    """The patch's lines, and how many bugs in each were noticed. What undoes the patch as a whole
    is none of a line's."""
    counted = [
        one
        for one in tried
        if one.trial.state in (*NOTICED, State.SURVIVED) and one.mutant.kind != UNDONE
    ]
    found = []
    for file, lines in sorted(own.items()):
        texts = files[file].decode("utf-8", "replace").splitlines()
        for line in sorted(lines):
            here = [
                one.trial.state
                for one in counted
                if one.mutant.file == file and line in one.mutant.lines
            ]
            seen = sum(state in NOTICED for state in here)
            found.append(OwnLine(file, line + 1, texts[line].strip(), len(here), seen))
    return tuple(found)
