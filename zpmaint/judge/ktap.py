# SPDX-License-Identifier: GPL-2.0-only
"""What the guest said, read strictly: anything but a whole, regular report is a problem.

The dialect is KTAP version 1 without nesting. Of its diagnostics these have a meaning:

    # kernel RELEASE MACHINE       as uname gives them
    # case NAME                    before a case runs
    # NAME: TEXT                   a case's details
    # bench phase=P counter=C value=V unit=U
    # problem: TEXT                where the guest itself went astray
    # done                         the last line
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

VERSION = "KTAP version 1"

# No number of a guest's has more digits than 64 bits have.
_NUMBER = r"[0-9]{1,20}"
_PLAN = re.compile(rf"1\.\.({_NUMBER})")
_RESULT = re.compile(
    rf"(?P<ok>ok|not ok) (?P<number>{_NUMBER}) (?P<name>[a-z][a-z0-9.-]*)"
    r" # (?:SKIP (?P<skip>\S.*)|observed: (?P<word>[A-Za-z0-9-]+))"
)
_BENCH = re.compile(rf"# bench phase=(\S+) counter=(\S+) value=({_NUMBER}) unit=(\S+)")
_KERNEL = re.compile(r"# kernel (\S+) (\S+)")
_DETAIL = re.compile(r"# ([a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+): (.*)")


@dataclass(frozen=True)
class Said:
    """One result line."""

    name: str
    ok: bool
    word: str
    """What was observed; '' for a skip."""
    skip: str
    """Why it was skipped; '' if it was not."""


@dataclass(frozen=True)
class Report:
    """A guest's whole report."""

    results: dict[str, Said]
    details: dict[str, tuple[str, ...]]
    """By case: what it wrote for people."""
    figures: dict[tuple[str, str], int]
    """The benchmark's, by phase and counter."""
    release: str
    """What uname calls the kernel; '' where the guest did not say."""
    begun: str
    """The case that was announced last and has no result; '' if there is none."""
    problems: tuple[str, ...]
    """Why the report is not whole and regular, one line each; () if it is."""
    cut_short: tuple[str, ...] = ()
    """Those of the problems that the guest's death explains, if it died."""
    planned: int = 0
    """How many cases were to come."""
    announced: tuple[str, ...] = ()
    """The cases that began, in order."""


@dataclass
class _Reader:
    results: dict[str, Said] = field(default_factory=dict)
    details: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[tuple[str, str], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    plan: int | None = None
    release: str = ""
    begun: str = ""
    announced: list[str] = field(default_factory=list)
    done: bool = False

    def line(self, number: int, text: str) -> None:
        where = f"line {number}"
        if self.done:
            self.problems.append(f"{where}: after '# done': {_short(text)}")
        elif text.startswith("#"):
            self._diagnostic(where, text)
        elif found := _RESULT.fullmatch(text):
            self._result(where, found)
        elif found := _PLAN.fullmatch(text):
            if self.plan is not None:
                self.problems.append(f"{where}: a second plan, {text}")
            elif self.results:
                self.problems.append(f"{where}: the plan comes after results")
            self.plan = int(found[1])
        else:
            self.problems.append(f"{where}: not KTAP: {_short(text)}")

    def _diagnostic(self, where: str, text: str) -> None:
        if text == "# done":
            self.done = True
        elif text.startswith("# case "):
            if self.begun:
                self.problems.append(f"{where}: {self.begun} began and has no result")
            self.begun = text.removeprefix("# case ")
            self.announced.append(self.begun)
        elif found := _KERNEL.fullmatch(text):
            self.release = found[1]
        elif text.startswith("# problem: "):
            self.problems.append(f"the guest says: {text.removeprefix('# problem: ')}")
        elif text.startswith("# bench"):
            self._figure(where, text)
        elif found := _DETAIL.fullmatch(text):
            self.details.setdefault(found[1], []).append(found[2])

    def _figure(self, where: str, text: str) -> None:
        found = _BENCH.fullmatch(text)
        if found is None:
            self.problems.append(f"{where}: not a benchmark figure: {_short(text)}")
            return
        key = (found[1], found[2])
        if key in self.figures:
            self.problems.append(f"{where}: {key[1]} of phase {key[0]} is there twice")
        self.figures[key] = int(found[3])

    def _result(self, where: str, found: re.Match[str]) -> None:
        name, number = found["name"], int(found["number"])
        if self.plan is None:
            self.problems.append(f"{where}: a result before the plan")
        if number != len(self.results) + 1:
            self.problems.append(
                f"{where}: {name} has number {number}, {len(self.results) + 1} was due"
            )
        if name != self.begun:
            self.problems.append(
                f"{where}: a result of {name}, but {self.begun or 'no case'} was under way"
            )
        if name in self.results:
            self.problems.append(f"{where}: {name} has a second result")
            return
        if found["skip"] and found["ok"] != "ok":
            self.problems.append(f"{where}: {name} is 'not ok' and skipped at once")
        self.begun = ""
        self.results[name] = Said(
            name, found["ok"] == "ok", found["word"] or "", found["skip"] or ""
        )


def read_report(text: str) -> Report:
    """Read what came through the result channel. Never raises: faults are `problems`."""
    reader = _Reader()
    cut: list[str] = []
    lines = text.split("\n")
    if lines.pop():
        cut.append("the report ends in the middle of a line")
    if not text:
        cut.append("the guest reported nothing")
    elif lines[:1] != [VERSION]:
        reader.problems.append(f"line 1: not {VERSION!r}: {_short((lines or [text])[0])}")
    for number, line in enumerate(lines[1:], 2):
        reader.line(number, line)
    if text:
        if not reader.release:
            cut.append("the guest did not say which kernel it runs on")
        if reader.plan is None:
            cut.append("no plan")
        elif reader.plan != len(reader.results):
            cut.append(f"{reader.plan} cases were planned, {len(reader.results)} have a result")
        if not reader.done:
            cut.append("'# done' is missing: the guest did not come to its end")
    return Report(
        results=reader.results,
        details={name: tuple(told) for name, told in reader.details.items()},
        figures=reader.figures,
        release=reader.release,
        begun=reader.begun,
        problems=(*reader.problems, *cut),
        cut_short=tuple(cut),
        planned=reader.plan or 0,
        announced=tuple(reader.announced),
    )


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
