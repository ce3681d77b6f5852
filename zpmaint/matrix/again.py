# SPDX-License-Identifier: GPL-2.0-only
"""Whether a verification is to be run now, later or not again: from what came of the same inputs
before. Pure; the rows are in again.toml, each with its reason.

All that is remembered is in the ledger: a try that settled nothing is a record of its key, too, so
that a wait outlives the process, and changed inputs have another key, which nothing has to wait
for.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from zpmaint.core.growing import grown
from zpmaint.core.result import Result, is_both_ways
from zpmaint.timeline.episodes import told

_TOLD = 5
"""So many results of a flaky verification are told."""


class Tried(Protocol):
    """One try, as a Record, a Summary or an Attempt tells of it."""

    @property
    def result(self) -> Result: ...
    @property
    def finished(self) -> float: ...
    @property
    def why(self) -> str: ...


class Trouble(StrEnum):
    """Why what was tried is tried again. The words are those of again.toml."""

    INFRASTRUCTURE = "infrastructure"
    """Network, disk, a missing program."""
    INDETERMINATE = "indeterminate"
    """Something failed, and nothing shows whose fault it was."""
    FLAKY = "flaky"
    """The same inputs came out well at one time and not at another."""


@dataclass(frozen=True)
class Wait:
    """One row of again.toml; all in seconds."""

    first: float
    factor: float
    most: float
    tries: int
    """0: without end."""

    def after(self, count: int) -> float:
        """How long to wait after `count` tries in a row, at least one."""
        return grown(self.first, self.factor, self.most, count)


Waits = Mapping[Trouble, Wait]


class Act(StrEnum):
    """What the matrix does with a verification."""

    RUN = "run"
    WAIT = "wait"
    """It is run, but not before a time."""
    KNOWN = "known"
    """Nothing new would come of it."""


@dataclass(frozen=True)
class Decision:
    """What to do with one verification, and why."""

    act: Act
    why: str = ""
    """In words; '' where it was never tried with these inputs."""
    not_before: float = 0.0
    """Of WAIT: seconds since the epoch."""
    trouble: Trouble | None = None
    """None: it is settled, or was never tried."""
    count: int = 0
    """How many tries in a row had that trouble; of FLAKY all results with these inputs."""

    @property
    def is_flaky(self) -> bool:
        return self.trouble is Trouble.FLAKY


def decide(tries: Sequence[Tried], now: float, waits: Waits | None = None) -> Decision:
    """What to do with a verification whose `tries` with the very same inputs were these, newest
    first; `now` in seconds since the epoch.

    Settled is settled, whatever failed for the infrastructure's sake later; what settled both ways
    is flaky, and so is what settled and came out both ways within another try. A try that lies in
    the future of `now` is no reason to wait: the clock was set."""
    if not tries:
        return Decision(Act.RUN)
    settled = [one for one in tries if one.result.settles]
    if settled:
        both = any(is_both_ways(one.result, one.why) for one in tries)
        if not both and len({one.result.tone for one in settled}) == 1:
            return Decision(Act.KNOWN, f"known: {settled[0].result} with the same inputs")
        telling = [one for one in tries if one.result.settles or is_both_ways(one.result, one.why)]
        trouble, count = Trouble.FLAKY, len(telling)
        said = f"{swings([one.result for one in telling])} with the same inputs"
    else:
        newest = tries[0]
        infra = newest.result is Result.INFRA
        trouble = Trouble.INFRASTRUCTURE if infra else Trouble.INDETERMINATE
        count = len(tries)
        said = f"the last try gave no result: {newest.why}"
    wait = (waits or rows())[trouble]
    if wait.tries and count >= wait.tries:
        return Decision(Act.KNOWN, said, trouble=trouble, count=count)
    # Of a flaky one the last try counts, even if it settled nothing: it is not tried at once again.
    last = tries[0].finished
    then = last + wait.after(count)
    if last <= now < then:
        return Decision(Act.WAIT, said, then, trouble, count)
    return Decision(Act.RUN, said, 0.0, trouble, count)


def swings(results: Sequence[Result]) -> str:
    """ "flaky: pass, fail, pass": results given newest first, told oldest first."""
    words = [told(one) for one in reversed(results[:_TOLD])]
    return "flaky: " + ", ".join(["...", *words] if len(results) > _TOLD else words)


def earliest(decisions: Sequence[Decision]) -> float | None:
    """When the first of those that wait may be run; None where none waits."""
    return min((one.not_before for one in decisions if one.act is Act.WAIT), default=None)


@functools.cache
def rows() -> Waits:
    """The rows of again.toml."""
    table = tomllib.loads(Path(__file__).with_name("again.toml").read_text())
    return {
        Trouble(row["of"]): Wait(row["first"], row["factor"], row["most"], row["tries"])
        for row in table["wait"]
    }
