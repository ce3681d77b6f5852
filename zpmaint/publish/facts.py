# SPDX-License-Identifier: GPL-2.0-only
"""What pages of many kernels show of each: taken from its record once, kept with the site. Pure.

A record is read where a kernel's own page is made; a page that shows thousands of kernels has these
facts alone. All fields are JSON's own values, so that they are read again without being looked at
one by one; a further one needs its line in `facts_of` and a default for where it is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from zpmaint.build.evidence import Evidence
from zpmaint.core.provenance import Provenance
from zpmaint.ledger.stages import CaseRecord, DeltaRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.log_places import LogPlace, log_places
from zpmaint.publish.offer import NO_OFFER, Offer
from zpmaint.timeline.costs import costs_of
from zpmaint.timeline.costs_text import told

_PAGE_KB = 4  # on x86
_COST = "instructions/page"

READ = ("VmRSS", "AnonPages")
"""The counters whose figures after the read pass are kept, whether they tell or not."""

Told = Sequence[Any]
"""Values in the order of the fields of a class that is named where it is read."""


@dataclass(frozen=True)
class Suite:
    """How many cases came out how. A case that either kernel had to skip is no pass."""

    passed: int
    skipped: int
    failed: int

    @classmethod
    def of(cls, cases: Sequence[CaseRecord]) -> Suite:
        results = [case.results.values() for case in cases]
        failed = sum(any(r.is_bad for r in both) for both in results)
        skipped = sum(
            any(r.mark == "skip" for r in both) and not any(r.is_bad for r in both)
            for both in results
        )
        return cls(len(results) - failed - skipped, skipped, failed)

    @property
    def total(self) -> int:
        return self.passed + self.skipped + self.failed


@dataclass(frozen=True)
class Figure:
    """One counter of a pair: what it is called, and what each kernel showed."""

    counter: str
    unit: str
    stock: float
    patched: float | None

    @classmethod
    def of(cls, delta: DeltaRecord) -> Figure:
        return cls(delta.counter, delta.unit, delta.stock, delta.patched)

    @property
    def difference(self) -> float | None:
        return None if self.patched is None else self.patched - self.stock


@dataclass(frozen=True)
class Facts:
    """What is kept of the record that stands for a kernel."""

    port_state: str | None = None
    """None: it did not come so far; here and below."""
    port_confidence: float = 0.0
    port_anchor: str = ""
    has_patch: bool = False
    source: Told | None = None
    """name, verified, in words, fingerprints of the keys; None: not known."""
    built: Sequence[str] = ()
    """The kernels that were built: stock, patched."""
    boots: Sequence[Told] = ()
    """By kernel that was booted: stock or patched, and how its first boot ended."""
    compiled: Told | None = None
    """whole, hunks, of those not compiled, and of each file path, how, symbols that would build it;
    None: not known."""
    derived: Told = ()
    """Of what the configuration has because of the patch: symbol, value, why."""
    files_missing: int = 0
    """Files of the change that are not wholly in an object."""
    shown_by: Sequence[str] | None = None
    """The cases that showed the patch's effect; None: nothing was judged."""
    suites: Sequence[Told] = ()
    """name, passed, skipped, failed of each suite that was judged."""
    memory_told: Told | None = None
    read_told: Sequence[Told] = ()
    rss_is_silent: bool = False
    """Whether the patch shows in memory here, and VmRSS is not where."""
    cost_told: Told | None = None
    passes: Sequence[Told] = ()
    """counter, phase, stock, patched of what the break-even is worked out of."""
    logs: Sequence[Told] = ()
    """The fields of each LogPlace."""
    offer_told: Told = ()
    """What there is to take away, of all the kernel's records (Offer.as_json)."""
    costs: str = ""
    """All figures with what they were taken on, as timeline.costs_text tells them; '' where nothing
    was measured."""

    @classmethod
    def kept(cls, values: dict[str, Any]) -> Facts:
        """What `as_json` gave. Raises TypeError for another version's."""
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def suite(self) -> Suite | None:
        """All cases counted, whatever suite they are of; None where none was run."""
        if not self.suites:
            return None
        return Suite(*(sum(column) for column in list(zip(*self.suites, strict=True))[1:]))

    @cached_property
    def offer(self) -> Offer:
        """What there is to take away of the kernel."""
        return Offer.kept(self.offer_told)

    @cached_property
    def memory(self) -> Figure | None:
        """The first counter of memory that tells here, after the read pass, in kB."""
        return Figure(*self.memory_told) if self.memory_told else None

    @cached_property
    def rss(self) -> Figure | None:
        """VmRSS after the read pass, whether it tells or not."""
        return self.read("VmRSS")

    def read(self, counter: str) -> Figure | None:
        """A counter of READ after the read pass, whether it tells or not; None where it was not
        taken."""
        return next((Figure(*told) for told in self.read_told if told[0] == counter), None)

    @property
    def log_places(self) -> list[LogPlace]:
        """The logs, consoles and configurations that the record names."""
        return [LogPlace(*told) for told in self.logs]

    @cached_property
    def cost(self) -> Figure | None:
        """Instructions for each page of the read pass."""
        return Figure(*self.cost_told) if self.cost_told else None


NOTHING = Facts()
"""Of a kernel that was never tried."""

_PASSES = {
    (_COST, "read"), (_COST, "write"), (_COST, "fresh-write"),
    ("MinorFaults", "fresh-write"), ("StatmAnon", "read"), ("VmRSS", "read"),
}  # fmt: skip


def facts_of(record: Record, offer: Offer = NO_OFFER) -> Facts:
    """What is kept of the record that stands for a kernel, and of what the kernel has to offer."""
    port, build, runs, verdict = record.port, record.build, record.runs, record.verdict
    evidence = build.evidence if build else None
    provenance = port.provenance if port else None
    deltas = verdict.deltas if verdict else ()
    memory = _memory(deltas)
    cost = next((d for d in deltas if d.unit == _COST and d.phase == "read"), None)
    silent = memory is not None and memory.patched is not None
    costs = costs_of(record)
    return Facts(
        port_state=port.state if port else None,
        port_confidence=port.confidence if port else 0.0,
        port_anchor=port.anchor if port else "",
        has_patch=bool(port and port.patch),
        source=_source(provenance) if provenance else None,
        built=tuple(build.kernels) if build else (),
        boots=[(name, run.outcome) for name, run in runs.ran.items()] if runs else (),
        compiled=_compiled(evidence) if evidence else None,
        derived=[(s.symbol, s.value, s.why) for s in evidence.derived.switched] if evidence else (),
        files_missing=len(evidence.missing) if evidence else 0,
        shown_by=list(verdict.shown_by) if verdict else None,
        suites=[
            (name, counted.passed, counted.skipped, counted.failed)
            for name, cases in (verdict.suites if verdict else {}).items()
            for counted in [Suite.of(cases)]
        ],
        memory_told=_told(memory),
        read_told=[
            (d.counter, d.unit, d.stock, d.patched)
            for d in deltas
            if d.counter in READ and d.phase == "read"
        ],
        rss_is_silent=silent
        and any(d.counter == "VmRSS" and d.phase == "read" and not d.telling for d in deltas),
        cost_told=_told(Figure.of(cost) if cost else None),
        passes=[
            (d.counter, d.phase, d.stock, d.patched)
            for d in deltas
            if (d.counter, d.phase) in _PASSES
        ],
        logs=[place.told() for place in log_places(record)],
        offer_told=offer.as_json() if offer.patches else (),
        costs=told(costs) if costs else "",
    )


def _source(found: Provenance) -> Told:
    keys = [proof.fingerprint for proof in found.proofs]
    return (found.source, found.is_verified, found.words, keys)


def _compiled(found: Evidence) -> Told:
    missing = sum(not hunk.compiled.is_shown for hunk in found.hunks)
    files = [(file.path, str(file.compiled), list(file.symbols)) for file in found.files]
    return (found.is_whole, len(found.hunks), missing, files)


def _told(figure: Figure | None) -> Told | None:
    return (figure.counter, figure.unit, figure.stock, figure.patched) if figure else None


def _memory(deltas: Sequence[DeltaRecord]) -> Figure | None:
    telling = [d for d in deltas if d.telling and d.phase == "read"]
    for delta in telling:
        if delta.unit == "kB":
            return Figure.of(delta)
    for delta in telling:
        if delta.unit == "pages":
            patched = None if delta.patched is None else delta.patched * _PAGE_KB
            return Figure(delta.counter, "kB", delta.stock * _PAGE_KB, patched)
    return None
