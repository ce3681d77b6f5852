# SPDX-License-Identifier: GPL-2.0-only
"""The suites there are, and those that a patch set wants. A new suite is one row of SUITES."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Mapping, Sequence

from zpmaint.core.errors import UserError
from zpmaint.core.hints import did_you_mean
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.values import Flip, PatchSet
from zpmaint.suites import boot, fault_path, kselftest, ltp, own
from zpmaint.suites.boot.suite import Boot
from zpmaint.suites.fault_path.suite import FaultPath
from zpmaint.suites.kselftest.suite import Kselftest
from zpmaint.suites.ltp.suite import Ltp
from zpmaint.suites.own.suite import Own
from zpmaint.suites.own.table import FOLDER, TABLE
from zpmaint.suites.protocol import Suite
from zpmaint.suites.values import Case

_Open = Callable[[PatchSet], Suite]

SUITES: Mapping[str, tuple[_Open, str]] = {
    "fault-path": (lambda _: FaultPath(), fault_path.__doc__ or ""),
    "boot": (lambda _: Boot(), boot.__doc__ or ""),
    "own": (lambda patchset: Own(patchset.folder / FOLDER), own.__doc__ or ""),
    "kselftest": (
        lambda patchset: Kselftest(patchset.asked_of("kselftest")),
        kselftest.__doc__ or "",
    ),
    "ltp": (lambda patchset: Ltp(patchset.asked_of("ltp")), ltp.__doc__ or ""),
}
"""In the order they are booted."""

WITHOUT_A_WORD = ("boot", "fault-path")
"""What a patch set gets that names no suites."""


def wanted(patchset: PatchSet) -> tuple[str, ...]:
    """The names of the suites that `patchset` wants: those it names; else boot, fault-path, and
    what else it has brought (cases of its own, a [[suite]])."""
    if patchset.suites:
        return patchset.suites
    own_cases = (patchset.folder / FOLDER / TABLE).is_file()
    asked = [name for name, _ in patchset.suite_targets]
    return tuple(dict.fromkeys((*WITHOUT_A_WORD, *(("own",) if own_cases else ()), *asked)))


def suites_of(
    patchset: PatchSet, only: Sequence[str] = (), version: KernelVersion | None = None
) -> tuple[Suite, ...]:
    """The suites of `patchset`, or `only` those, and all that it says of them checked. Raises
    UserError for what names nothing (a suite, a case of a flip, a telling counter), and for a flip
    whose word for stock is not the suite's, on `version` or at all."""
    names = wanted(patchset)
    where = f"{patchset.name}: "
    for name in (*names, *(row for row, _ in patchset.suite_targets), *only):
        if name not in SUITES:
            raise UserError(f"{where}no suite is {name!r}", _near(name, SUITES, "suites"))
    suites = tuple(opened(patchset) for name, (opened, _) in SUITES.items() if name in names)
    _apart(suites)
    _flips_name_cases(where, suites, patchset.flips)
    if version and not any(version in adopted.era for adopted in patchset.adoptions):
        _flips_agree(where, suites, patchset.flips, version)
    _telling_name_counters(where, suites, patchset)
    if only:
        more = tuple(
            opened(patchset)
            for name, (opened, _) in SUITES.items()
            if name in only and name not in names
        )
        suites = tuple(suite for suite in (*suites, *more) if suite.name in only)
    return suites


def booted(suites: Sequence[Suite]) -> tuple[Suite, ...]:
    """Those that boots are made for: `boot` is judged on the boots of any other."""
    others = tuple(suite for suite in suites if suite.name != "boot")
    return others or tuple(suites)


def all_flips(patchset: PatchSet, suites: Iterable[Suite]) -> tuple[Flip, ...]:
    """What the patch changes: by patch.toml and by its own cases."""
    return (*patchset.flips, *(flip for suite in suites for flip in suite.flips))


def known_cases(suites: Iterable[Suite]) -> tuple[Case, ...]:
    """All cases that are known before anything is built."""
    return tuple(case for suite in suites for case in suite.cases)


def _apart(suites: Sequence[Suite]) -> None:
    owner: dict[str, str] = {}
    for suite in suites:
        for case in suite.cases:
            if other := owner.get(case.name):
                raise UserError(
                    f"the suite {suite.name}: case {case.name}: {other} has a case of that name",
                    "give it another one",
                )
            owner[case.name] = suite.name


def _flips_name_cases(where: str, suites: Sequence[Suite], flips: Sequence[Flip]) -> None:
    cases = {case.name: case for case in known_cases(suites)}
    opened = [glob for suite in suites for glob in suite.open_names]
    for flip in flips:
        case = cases.get(flip.case)
        if case is None and not any(fnmatch.fnmatchcase(flip.case, glob) for glob in opened):
            raise UserError(
                f"{where}flip: no case is {flip.case!r} in the suites that the set wants",
                _near(flip.case, cases, "cases"),
            )
        if case and flip.stock and not case.relative:
            said = {case.expect, *(row.word for row in case.stocks)}
            said |= {defect.word for defect in case.defects}
            if flip.stock not in said:
                raise UserError(
                    f"{where}flip of {flip.case}: stock = {flip.stock!r}, but the suite says "
                    f"{' or '.join(sorted(said))}",
                    "leave `stock` out: what stock reports belongs to the suite",
                )


def _flips_agree(
    where: str, suites: Sequence[Suite], flips: Sequence[Flip], version: KernelVersion
) -> None:
    cases = {case.name: case for case in known_cases(suites)}
    for flip in flips:
        case = cases.get(flip.case)
        if case and not case.relative and flip.stock and version in flip.era:
            said = case.stock(version)
            if flip.stock != said:
                raise UserError(
                    f"{where}flip of {flip.case}: stock = {flip.stock!r}, but a stock {version} "
                    f"reports {said!r}",
                    "leave `stock` out: what stock reports belongs to the suite",
                )


def _telling_name_counters(where: str, suites: Sequence[Suite], patchset: PatchSet) -> None:
    counters = [counter.name for suite in suites for counter in suite.counters]
    for row in patchset.telling:
        for name in (*row.counters, *row.silent):
            if name not in counters:
                raise UserError(
                    f"{where}telling: no counter is {name!r} in the suites that the set wants",
                    _near(name, counters, "counters"),
                )


def _near(word: str, known: Iterable[str], what: str) -> str:
    there = list(known)
    return did_you_mean(word, there) or f"{what}: {', '.join(there[:12])}"
