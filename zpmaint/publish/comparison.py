# SPDX-License-Identifier: GPL-2.0-only
"""Two verifications side by side: what is not the same. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zpmaint.ledger.stages import CaseRecord, CaseResultRecord, DeltaRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.hunks import Against, against

FLAVOURS = ("stock", "patched")
_NOTHING = "not known"


@dataclass(frozen=True)
class CaseChange:
    """A case that did not end the same way."""

    suite: str
    name: str
    seen: Sequence[tuple[CaseResultRecord | None, CaseResultRecord | None]]
    """For stock and for patched: before and after; None where it was not run."""

    @property
    def is_worse(self) -> bool:
        """Whether a kernel failed it that did not before."""
        return any(b and b.is_bad and not (a and a.is_bad) for a, b in self.seen)


@dataclass(frozen=True)
class FigureChange:
    """A figure that is another."""

    counter: str
    phase: str
    unit: str
    seen: Sequence[tuple[float | None, float | None]]
    """For stock and for patched: before and after."""

    @property
    def percent(self) -> list[float | None]:
        """By how much, for stock and for patched; None where that says nothing."""
        return [100 * (b - a) / a if a and b is not None else None for a, b in self.seen]


@dataclass(frozen=True)
class ConfigChange:
    """A symbol that is set otherwise; '' where it is not set."""

    symbol: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """All that is not the same."""

    settings: Sequence[tuple[str, str, str]]
    """What it is of, before and after: kernel, result, toolchain and so on."""
    same: Sequence[tuple[str, str]]
    """The same of what did not change."""
    cases: Sequence[CaseChange]
    cases_same: int
    figures: Sequence[FigureChange]
    figures_same: int
    config: Sequence[ConfigChange] | None
    """None: one of the two is not at hand."""
    patch: Against | None
    """None: one has no patch, or it cannot be read."""


def compare(
    before: Record, after: Record, configs: tuple[bytes | None, bytes | None] = (None, None)
) -> Comparison:
    """What changed from one to the other. `configs`: the texts of their stock kernels'
    configurations, where they are at hand."""
    one, other = settings_of(before), settings_of(after)
    names = list(dict.fromkeys([*one, *other]))
    rows = [(name, one.get(name, _NOTHING), other.get(name, _NOTHING)) for name in names]
    cases, cases_same = _cases(before, after)
    figures, figures_same = _figures(before, after)
    patches = [record.port.patch if record.port else None for record in (before, after)]
    return Comparison(
        settings=[row for row in rows if row[1] != row[2]],
        same=[(name, a) for name, a, b in rows if a == b],
        cases=cases,
        cases_same=cases_same,
        figures=figures,
        figures_same=figures_same,
        config=_config(*configs),
        patch=against(patches[0], patches[1]) if patches[0] and patches[1] else None,
    )


def settings_of(record: Record) -> dict[str, str]:
    """By name, in words, what a verification was of and with."""
    port, build, made = record.port, record.build, record.circumstances
    found = {
        "kernel": record.version,
        "architecture": record.arch,
        "profile asked for": record.profile or "the one that fits",
        "result": str(record.result),
        "port": f"{port.state} from {port.anchor}" if port else _NOTHING,
        "source": port.provenance.source if port and port.provenance else _NOTHING,
    }
    kernel = build.stock or build.failed if build else None
    if kernel:
        found |= {
            "toolchain": kernel.toolchain or _NOTHING,
            "configuration": kernel.profile or _NOTHING,
            "source fix-ups": ", ".join(kernel.fixups) or "none",
        }
    for name, run in record.runs.ran.items() if record.runs else ():
        found[f"{name} boot"] = run.outcome
        found["accelerator"] = run.accelerator or _NOTHING
    if made:
        found |= {"zpmaint": f"{made.program} {made.commit[:12]}".strip(), "host": made.host}
        found |= made.tools
    return found


def _cases(before: Record, after: Record) -> tuple[list[CaseChange], int]:
    one, other = _by_name(before), _by_name(after)
    changed: list[CaseChange] = []
    same = 0
    for name in dict.fromkeys([*one, *other]):
        seen = [
            (_result(one.get(name), flavour), _result(other.get(name), flavour))
            for flavour in FLAVOURS
        ]
        if all(_ended(a) == _ended(b) for a, b in seen):
            same += 1
        else:
            changed.append(CaseChange(*name, seen))
    return sorted(changed, key=lambda change: not change.is_worse), same


def _by_name(record: Record) -> Mapping[tuple[str, str], CaseRecord]:
    cases = record.verdict.cases if record.verdict else ()
    return {(case.suite, case.name): case for case in cases}


def _result(case: CaseRecord | None, flavour: str) -> CaseResultRecord | None:
    return case.results.get(flavour) if case else None


def _ended(result: CaseResultRecord | None) -> tuple[str, str] | None:
    return (result.mark, result.observed) if result else None


def _figures(before: Record, after: Record) -> tuple[list[FigureChange], int]:
    one, other = _deltas(before), _deltas(after)
    changed: list[FigureChange] = []
    same = 0
    for name in dict.fromkeys([*one, *other]):
        a, b = one.get(name), other.get(name)
        seen = [
            (a.stock if a else None, b.stock if b else None),
            (a.patched if a else None, b.patched if b else None),
        ]
        if all(first == second for first, second in seen):
            same += 1
        else:
            changed.append(FigureChange(*name, seen))
    return changed, same


def _deltas(record: Record) -> Mapping[tuple[str, str, str], DeltaRecord]:
    deltas = record.verdict.deltas if record.verdict else ()
    return {(delta.counter, delta.phase, delta.unit): delta for delta in deltas}


def _config(before: bytes | None, after: bytes | None) -> list[ConfigChange] | None:
    if before is None or after is None:
        return None
    one, other = _symbols(before), _symbols(after)
    names = sorted({*one, *other})
    return [
        ConfigChange(name, one.get(name, ""), other.get(name, ""))
        for name in names
        if one.get(name) != other.get(name)
    ]


def _symbols(config: bytes) -> dict[str, str]:
    lines = config.decode("utf-8", "replace").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)
