# SPDX-License-Identifier: GPL-2.0-only
"""Another suite beside ours: which of its programs notice a mutant. Pure.

Another suite's programs have no expectations of ours. What one reports on the patched kernel, the
same each time, is what it is held to; one that reports this and then that, or that makes the sound
kernel complain, is no witness.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from zpmaint.core.versions import KernelVersion
from zpmaint.judge.kernel_report import kernel_report
from zpmaint.mutation.values import How
from zpmaint.vm.values import Outcome, Run

BOOT = "boot"
"""The witness where a guest died before its first program."""
CONSOLE = "console"
"""The witness where the kernel complains and no program can be named."""
_ENDS = {Outcome.PANIC: How.PANIC, Outcome.HANG: How.HANG}
_NAMED = 3


@dataclass(frozen=True)
class Heard:
    """What was heard of one boot with another suite's programs."""

    outcome: Outcome
    why: str
    words: Mapping[str, str]
    """By program: how it ended and what it counted."""
    died: str = ""
    """The program that a guest's death belongs to."""
    complaints: Mapping[str, str] = field(default_factory=dict)
    """By program: the first thing that the kernel complained of in its time."""
    faults: tuple[str, ...] = ()
    """What else is wrong with the boot: complaints out of any program's time, a broken report."""

    def as_json(self) -> dict[str, Any]:
        return {
            "outcome": str(self.outcome),
            "why": self.why,
            "words": dict(self.words),
            "died": self.died,
            "complaints": dict(self.complaints),
            "faults": list(self.faults),
        }

    @classmethod
    def of_json(cls, row: Mapping[str, Any]) -> Heard:
        """Raises KeyError, TypeError or ValueError where `row` is nothing that as_json() made."""
        return cls(
            Outcome(row["outcome"]),
            str(row["why"]),
            {str(name): str(word) for name, word in row["words"].items()},
            str(row["died"]),
            {str(name): str(line) for name, line in row["complaints"].items()},
            tuple(map(str, row["faults"])),
        )


@dataclass(frozen=True)
class Witness:
    """One program that noticed a mutant."""

    program: str
    how: How
    said: str

    def as_json(self) -> dict[str, str]:
        return {"program": self.program, "how": str(self.how), "said": self.said}


def heard(run: Run, asked: Collection[str], version: KernelVersion) -> Heard:
    """Read one boot. `asked` are the programs that were to run."""
    said = kernel_report(run, asked, version)
    return Heard(
        run.outcome,
        run.why,
        # Skipped is what comes after the first that noticed, where that is enough.
        {name: result.word for name, result in said.results.items() if not result.skip},
        next(iter(said.deaths), ""),
        {name: lines[0] for name, lines in said.complaints.items() if lines},
        # A death is told by itself.
        said.faults if run.outcome is Outcome.FINISHED else (),
    )


def sound(baselines: Sequence[Heard]) -> dict[str, str]:
    """What the programs that can be relied on report without a mutant: in each of `baselines` the
    same, and the kernel has nothing against them."""
    first, *others = baselines
    return {
        name: word
        for name, word in first.words.items()
        if all(other.words.get(name) == word for other in others)
        and not any(name in (one.died, *one.complaints) for one in baselines)
    }


def witnesses(found: Heard, expected: Mapping[str, str], quiet: bool = True) -> tuple[Witness, ...]:
    """Who noticed, in a boot with a mutant, what is not as `expected`; in order. `quiet`: the
    baselines had no complaints out of the programs' time."""
    noticed = []
    for name, word in expected.items():
        if name == found.died:
            noticed.append(Witness(name, _ENDS.get(found.outcome, How.RESET), found.why))
        elif line := found.complaints.get(name):
            noticed.append(Witness(name, How.CONSOLE, line))
        elif name in found.words and found.words[name] != word:
            noticed.append(Witness(name, How.CASE, f"{found.words[name]}, without it {word}"))
    if noticed:
        return tuple(noticed)
    if found.outcome is not Outcome.FINISHED:
        # Before the first program, or in the time of one that is not relied on: a kernel that dies
        # of it has been noticed all the same, and no sound one died.
        return (Witness(found.died or BOOT, _ENDS.get(found.outcome, How.RESET), found.why),)
    if quiet and found.faults:
        return (Witness(CONSOLE, How.CONSOLE, found.faults[0]),)
    return ()


def ran(word: str) -> bool:
    """Whether a program with this report has looked at anything: LTP's exit status for skipped is
    32, the kernel's own is 4."""
    counted = "-pass-" in word or "-fail-" in word
    return counted or word == "exit-0"


@dataclass(frozen=True)
class Row:
    """One mutant, and who noticed it."""

    mutant: str
    kind: str
    equivalent: bool
    """Whether it is argued to change nothing that a program could see."""
    ours: str
    """What became of it with zpmaint's suite; '' where that is not known."""
    others: Mapping[str, tuple[Witness, ...]]
    """By suite."""

    def as_json(self) -> dict[str, Any]:
        return {
            "mutant": self.mutant,
            "kind": self.kind,
            "equivalent": self.equivalent,
            "zpmaint": self.ours,
            "others": {
                suite: [one.as_json() for one in found] for suite, found in self.others.items()
            },
        }


def counts(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """For each suite: how many it noticed of the mutants that change something, and of those
    argued to change nothing; ours under 'zpmaint'."""
    real = [row for row in rows if not row.equivalent]
    rest = [row for row in rows if row.equivalent]
    suites = dict.fromkeys(suite for row in rows for suite in row.others)
    found = {
        suite: {
            "noticed": sum(bool(row.others.get(suite)) for row in real),
            "of": sum(suite in row.others for row in real),
            "equivalent noticed": sum(bool(row.others.get(suite)) for row in rest),
            "equivalent": sum(suite in row.others for row in rest),
        }
        for suite in suites
    }
    if any(row.ours for row in rows):
        found["zpmaint"] = {
            "noticed": sum(row.ours.startswith("caught") for row in real),
            "of": sum(bool(row.ours) for row in real),
            "equivalent noticed": sum(row.ours == "not equivalent" for row in rest),
            "equivalent": sum(bool(row.ours) for row in rest),
        }
    return found


def markdown(rows: Sequence[Row]) -> str:
    """The rows as a table, with a line of sums at its end."""
    suites = list(dict.fromkeys(suite for row in rows for suite in row.others))
    head = ["mutant", "kind", "zpmaint", *suites]
    body = [
        [row.mutant, row.kind, row.ours or "?", *(_cell(row.others.get(s)) for s in suites)]
        for row in rows
    ]
    sums = counts(rows)
    last = ["noticed", ""]
    for suite in ("zpmaint", *suites):
        one = sums.get(suite)
        last.append(f"{one['noticed']} of {one['of']}" if one else "?")
    lines = [head, ["---"] * len(head), *body, last]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cell(found: Sequence[Witness] | None) -> str:
    if found is None:
        return "?"
    if not found:
        return "-"
    names = [one.program for one in found]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    first = found[0]
    how = "" if first.how is How.CASE or first.program == CONSOLE else f" ({first.how})"
    return ", ".join(names[:_NAMED]) + more + how
