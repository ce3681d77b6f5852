# SPDX-License-Identifier: GPL-2.0-only
"""What mutation hands on: planted bugs, what noticed them, and the score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from zpmaint.core.eras import Era


@dataclass(frozen=True)
class Edit:
    """One replacement in one file."""

    file: str
    scope: str
    """The function it stands in; '' for anywhere in the file."""
    find: str
    """Must be there exactly once."""
    replace: str


@dataclass(frozen=True)
class Text:
    """A mutant as one kind of kernel has it."""

    era: Era
    edits: tuple[Edit, ...]
    equivalent: str
    """Why it changes nothing there that a program could see; '' where it does."""


@dataclass(frozen=True)
class Mutant:
    """A bug to plant."""

    name: str
    kind: str
    why: str
    """What goes wrong with it: the reason that a suite has to notice it."""
    needs: Mapping[str, str]
    """CONFIG_ symbols (A|B: either) without any one of which it changes nothing, and why."""
    texts: tuple[Text, ...]
    """Tried in order: the first that can be placed is the mutant."""


@dataclass(frozen=True)
class Placed:
    """A mutant in a kernel's files."""

    mutant: Mutant
    text: Text
    files: dict[str, bytes]
    """The files that it changes, whole."""


class How(StrEnum):
    """What gave a mutant away."""

    CASE = "case failed"
    PANIC = "panic"
    RESET = "reset"
    HANG = "hang"
    CONSOLE = "console"


@dataclass(frozen=True)
class Catch:
    """One witness against a mutant."""

    case: str
    """The case that noticed it; '' where none was running, or none can be named."""
    how: How
    said: str
    """What was seen, in one line."""


class State(StrEnum):
    """What became of a mutant."""

    CAUGHT = "caught"
    """A case, the console, or the end of the guest gave it away."""
    BOOT = "caught by boot"
    """The kernel died before the first case: no merit of the suite's."""
    SURVIVED = "survived"
    """All came out as without it."""
    EQUIVALENT = "equivalent"
    """Argued to change nothing, and nothing was noticed."""
    WRONG = "not equivalent"
    """Argued to change nothing, and yet it was caught."""
    UNPLACED = "not placed"
    """This kernel has no place for it."""
    BROKEN = "does not build"
    """The kernel with it does not compile."""
    SAME = "same object"
    """Of a generated one: the compiler makes of it what it makes without it."""
    TWIN = "same as another"
    """Of a generated one: the compiler makes of it what it makes of one that was tried before."""
    UNRUN = "not run"
    """Of a generated one: no case runs the statement that it is in."""
    UNDECIDED = "not decided"
    """The machine failed, or nobody can tell what did: tried again the next time."""

    @property
    def is_fault(self) -> bool:
        """Whether it speaks against the suite or against the data."""
        return self in (State.SURVIVED, State.WRONG, State.BROKEN)


@dataclass(frozen=True)
class Trial:
    """One mutant tried on one kernel."""

    mutant: str
    kind: str
    state: State
    why: str
    """The argument of an equivalent one, the reason of one that was not placed or built."""
    catches: tuple[Catch, ...] = ()
    same_image: bool = False
    """The kernel with it is the one without it, byte for byte."""
    outcome: str = ""
    """How the guest ended."""
    build_seconds: float = 0.0
    boot_seconds: float = 0.0
    known: bool = False
    """Whether it was tried before, with the same inputs."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Score:
    """How many of the mutants that matter were caught."""

    caught: int
    """By the suite and by boot."""
    boot: int
    """Of them, those that died before the suite began."""
    survived: int
    equivalent: int
    unplaced: int
    broken: int
    same: int = 0
    """Those that change no object, or change it as one did that is counted."""
    unrun: int = 0
    """Those in statements that no case runs."""
    undecided: int = 0

    @property
    def of(self) -> int:
        """The mutants that change what a program sees."""
        return self.caught + self.survived

    @property
    def share(self) -> float:
        """0 to 1; 0 where nothing was tried."""
        return self.caught / self.of if self.of else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"of": self.of, "share": round(self.share, 4)}


def score(trials: tuple[Trial, ...]) -> Score:
    """Count. One that is argued equivalent and was caught counts as caught: it is."""
    states = [trial.state for trial in trials]
    return Score(
        caught=sum(states.count(s) for s in (State.CAUGHT, State.BOOT, State.WRONG)),
        boot=states.count(State.BOOT),
        survived=states.count(State.SURVIVED),
        equivalent=states.count(State.EQUIVALENT),
        unplaced=states.count(State.UNPLACED),
        broken=states.count(State.BROKEN),
        same=states.count(State.SAME) + states.count(State.TWIN),
        unrun=states.count(State.UNRUN),
        undecided=states.count(State.UNDECIDED),
    )
