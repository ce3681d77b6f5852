# SPDX-License-Identifier: GPL-2.0-only
"""What a run of the matrix and its worker processes say to each other, over a socket of theirs."""

from __future__ import annotations

from dataclasses import dataclass

from zpmaint.core.config import Config
from zpmaint.core.errors import (
    IndeterminateError,
    InfraError,
    KernelError,
    UserError,
    ZpmaintError,
)
from zpmaint.core.places import Places
from zpmaint.ledger.values import Record
from zpmaint.matrix.plan import Due

_KINDS: dict[str, type[ZpmaintError]] = {
    kind.kind: kind for kind in (UserError, IndeterminateError, InfraError, KernelError)
}


@dataclass(frozen=True)
class Opening:
    """The first word to a worker: the run's own session, as far as it can be handed on."""

    places: Places
    config: Config
    command: tuple[str, ...]
    """The run's command line, which others are told who wait for something that the worker has."""


@dataclass(frozen=True)
class Job:
    """To a worker: verify this."""

    due: Due
    jobs: int
    """Programs that may run side by side where a step is not told otherwise."""
    anew: bool
    """Boot what is known from before, too."""


@dataclass(frozen=True)
class Go:
    """To a worker: the step that it wants may begin."""

    jobs: int


@dataclass(frozen=True)
class Wants:
    """A worker waits for leave to begin a step."""

    step: str


@dataclass(frozen=True)
class Over:
    """A step has ended, well or not."""

    step: str
    seconds: float


@dataclass(frozen=True)
class Said:
    """A step of the reporter's: opened (with its unit), how far, a note, or closed."""

    number: int
    what: str
    text: str = ""
    done: float = 0.0
    total: float | None = None


@dataclass(frozen=True)
class Trouble:
    """An error as it goes from one process to another: its kind and its words."""

    kind: str
    what: str
    hint: str

    @classmethod
    def of(cls, error: ZpmaintError) -> Trouble:
        return cls(error.kind, error.what, error.hint)

    def error(self) -> ZpmaintError:
        """One of the same kind."""
        return _KINDS.get(self.kind, InfraError)(self.what, self.hint)


@dataclass(frozen=True)
class Came:
    """What came of a job: one of both."""

    record: Record | None
    trouble: Trouble | None = None
