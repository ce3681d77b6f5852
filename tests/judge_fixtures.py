# SPDX-License-Identifier: GPL-2.0-only
"""A small suite and the reports of guests that ran it, as bytes would come from the machine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.judge.conclude import conclude
from zpmaint.judge.values import CaseResult, Verdict
from zpmaint.judge.verdict import judge
from zpmaint.patchset.values import Flip, Telling
from zpmaint.suites.fault_path.suite import all_counters
from zpmaint.suites.values import Case
from zpmaint.vm.values import Outcome, Run

V612 = KernelVersion.parse("6.12.107")
PAGES = 1024
KB = PAGES * 4

ANY = Era()
CASES = (
    Case("read.zero", "zero", ("read",), ANY),
    Case("read.faults", "what a read maps", ("flip",), ANY),
    Case("read.frames", "frames", ("flip",), ANY, needs="CONFIG_PROC_PAGE_MONITOR"),
    Case("devzero.eager", "left alone", (), Era(until=KernelVersion.parse("2.6.24-rc1"))),
)
FLIPS = (
    Flip("read.faults", "zero-page", "private", "a second fault"),
    Flip("read.frames", "zero-page", "private", "one frame"),
)
TELLING = (
    Telling(
        Era(until=KernelVersion.parse("2.6.32-rc1")),
        ("AnonPages", "MinorFaults"),
        ("VmRSS",),
        "counted in file_rss",
    ),
    Telling(
        Era(since=KernelVersion.parse("2.6.32-rc1")), ("VmRSS", "MinorFaults"), (), "not counted"
    ),
)

WORDS = {
    "read.zero": "ok",
    "read.faults": "zero-page",
    "read.frames": "zero-page",
    "devzero.eager": "SKIP only on Linux before 2.6.24",
}
PATCHED = WORDS | {"read.faults": "private", "read.frames": "private"}


def report(words: dict[str, str], bench: str | None = None, release: str = "6.12.107") -> str:
    """A whole, regular report. A word that starts with "!" is a 'not ok'."""
    lines = ["KTAP version 1", f"# kernel {release} x86_64", f"1..{len(words)}"]
    for number, (name, word) in enumerate(words.items(), 1):
        lines.append(f"# case {name}")
        if word.startswith("SKIP "):
            lines.append(f"ok {number} {name} # {word}")
        elif word.startswith("!"):
            lines.append(f"# {name}: page 3 is 0xaa")
            lines.append(f"not ok {number} {name} # observed: {word[1:]}")
        else:
            lines.append(f"ok {number} {name} # observed: {word}")
    if bench is None:
        bench = figures(private=words.get("read.faults") == "private")
    return "\n".join(lines) + "\n" + bench + "# done\n"


def figures(*, private: bool, **changed: int) -> str:
    """The benchmark's lines on a kernel that allocates on a read, or maps the zero page;
    `changed` overrides read_VmRSS, write_MinorFaults and so on."""
    read, second = (KB, 0) if private else (0, PAGES)
    table = {
        ("start", "pages"): PAGES,
        ("start", "VmRSS"): 100,
        ("start", "AnonPages"): 50,
        ("read", "VmRSS"): 100 + read,
        ("read", "AnonPages"): 50 + read,
        ("read", "MinorFaults"): PAGES,
        ("read", "tsc"): 2000 * PAGES,
        ("write", "VmRSS"): 100 + KB,
        ("write", "AnonPages"): 50 + KB,
        ("write", "MinorFaults"): second,
        ("write", "tsc"): 4 * PAGES,
        ("fresh-start", "VmRSS"): 104,
        ("fresh-start", "AnonPages"): 50,
        ("fresh-write", "VmRSS"): 104 + KB,
        ("fresh-write", "AnonPages"): 50 + KB,
        ("fresh-write", "MinorFaults"): PAGES,
        ("fresh-write", "tsc"): 2100 * PAGES,
    }
    for name, value in changed.items():
        phase, counter = name.split("_")
        assert (phase, counter) in table
        table[phase, counter] = value
    return "".join(
        f"# bench phase={phase} counter={counter} value={value} unit=kB\n"
        for (phase, counter), value in table.items()
    )


def run(results: str, **changed: object) -> Run:
    """A run that finished well, unless `changed` says otherwise."""
    plain = Run(
        outcome=Outcome.FINISHED,
        why="",
        results=results,
        console=Path("/state/console"),
        complaints=(),
        seconds=1.0,
        accelerator="tcg,icount",
        deterministic=True,
        command=("qemu-system-x86_64",),
    )
    return replace(plain, **changed)  # type: ignore[arg-type]


def judged(
    stock: Run | str,
    patched: Run | str | None,
    *,
    adopted: bool = False,
    version: KernelVersion = V612,
    flips: tuple[Flip, ...] = FLIPS,
    telling: tuple[Telling, ...] = TELLING,
    benchmark: bool = True,
    cases: tuple[Case, ...] = CASES,
) -> Verdict:
    """The verdict on two runs, or two reports of runs that finished well."""
    suite = judge(
        cases,
        flips,
        telling,
        counters=all_counters(),
        adopted=adopted,
        version=version,
        stock=run(stock) if isinstance(stock, str) else stock,
        patched=run(patched) if isinstance(patched, str) else patched,
        benchmark=benchmark,
    )
    return conclude([suite])


def of(verdict: Verdict, case: str) -> tuple[CaseResult, CaseResult | None]:
    """A case's results, stock and patched."""
    found = next(one for one in verdict.cases if one.name == case)
    assert found.stock is not None
    return found.stock, found.patched
