# SPDX-License-Identifier: GPL-2.0-only
"""What the rules of kernels.toml ([[track]]) come to: lines as [[kernel]] has them, made of what is
remembered of the kernels that are out. Pure.

A rule's kernels change as kernels come out and series end; what was verified of them before stays
on the pages as what is not tracked any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from zpmaint.core.config import Config, KernelTable, PolicyKernel
from zpmaint.core.errors import InfraError, UserError, ZpmaintError
from zpmaint.core.releases import Release
from zpmaint.core.track_table import Amount, TrackTable, first, is_mainline
from zpmaint.core.versions import KernelVersion

MAINTAINED = ("stable", "longterm")
"""The monikers of series that get point releases."""


@dataclass(frozen=True)
class Missing:
    """Something that a rule asks for, and that no kernel can be named for now."""

    what: str
    """Where it is asked for: "track[1].longterm"."""
    error: ZpmaintError


@dataclass(frozen=True)
class Expansion:
    """What all rules come to."""

    config: Config
    """With a line for each of it behind those of [[kernel]]."""
    missing: tuple[Missing, ...] = ()


def expanded(config: Config, releases: Iterable[Release]) -> Expansion:
    """`config` with what its rules come to now; what an earlier expansion added goes. A kernel that
    has a [[kernel]] of its own, or a rule before, is that one's."""
    own = [line for line in config.kernel if not isinstance(line, PolicyKernel)]
    lines: dict[tuple[str, str], KernelTable] = {}
    missing: list[Missing] = []
    out = Out(releases)
    taken = {(line.version, line.profile) for line in own}
    for number, rule in enumerate(config.track, 1):
        for version, points in _kernels(rule, out):
            name = (version, rule.profile)
            if name not in taken:
                lines.setdefault(name, _line(rule, version, points))
        missing += _missing(rule, f"track[{number}]", out)
    return Expansion(config.model_copy(update={"kernel": (*own, *lines.values())}), tuple(missing))


class Out:
    """The kernels that are out, by what rules ask for; each list is newest first."""

    def __init__(self, releases: Iterable[Release]) -> None:
        self._by_version = dict(_read(releases))

    def series_of(self, *monikers: str) -> list[str]:
        """The series that have one of these monikers now and have not ended, newest first."""
        found = [
            (version, release.series)
            for version, release in self._heads.values()
            if release.moniker in monikers and not release.eol
        ]
        return [series for _, series in sorted(found, reverse=True)]

    @property
    def knows_monikers(self) -> bool:
        """Whether any source has told which series are maintained."""
        return bool(self._heads)

    def mainline(self, since: KernelVersion) -> list[KernelVersion]:
        """Mainline releases from `since` on."""
        return [one for one in self._had if is_mainline(one) and not one < since]

    def mainline_candidates(self, *, told: bool = False) -> list[KernelVersion]:
        """Those of the next mainline release; with `told` also such as no source can give."""
        done = next((one for one in self._all if one.is_release), None)
        among = [
            one
            for one in (self._all if told else self._had)
            if one.rc is not None and one.rt is None and not one.numbers[-1]
            if done is None or one > done
        ]
        return [one for one in among if one.series == among[0].series]

    def stable_candidates(self, series: str, *, told: bool = False) -> list[KernelVersion]:
        """Those of the next point release of a series."""
        mine = [one for one in (self._all if told else self._had) if one.series == series]
        done = next((one for one in self._all if one.series == series and one.is_release), None)
        return [
            one
            for one in mine
            if one.rc is not None and one.rt is None and one.numbers[-1]
            if done is None or one > done
        ]

    def rt(self, series: str, *, told: bool = False) -> list[KernelVersion]:
        """The kernels of a series with the real-time patches; a release before any candidate."""
        mine = [
            one
            for one in (self._all if told else self._had)
            if one.series == series and one.rt is not None
        ]
        return sorted(mine, key=lambda one: (one.rc is None, one), reverse=True)

    def next(self, *, told: bool = False) -> list[KernelVersion]:
        """linux-next, the newest day first."""
        return [one for one in (self._all if told else self._had) if one.next_date is not None]

    @cached_property
    def _all(self) -> list[KernelVersion]:
        """What is out and was not withdrawn."""
        there = (v for v, release in self._by_version.items() if not release.withdrawn)
        return sorted(there, reverse=True)

    @cached_property
    def _had(self) -> list[KernelVersion]:
        """What of it a source can give."""
        return [one for one in self._all if self._by_version[one].is_had]

    @cached_property
    def _heads(self) -> dict[str, tuple[KernelVersion, Release]]:
        """By series its newest kernel that was called something: that is the series' moniker. Not
        the one that was called so last: clocks jump."""
        return {
            release.series: (version, release)
            for version in reversed(self._all)
            if (release := self._by_version[version]).moniker
        }


def _read(releases: Iterable[Release]) -> Iterator[tuple[KernelVersion, Release]]:
    for release in releases:
        try:
            version = KernelVersion.parse(release.version)
        except UserError:
            continue  # remembered by a zpmaint that reads other names
        if version.debian is None:
            yield version, release


def _kernels(rule: TrackTable, out: Out) -> Iterator[tuple[str, Amount]]:
    """The lines of a rule as [[kernel]] would write them, and how many point releases of each."""
    amounts = rule.amounts
    if rule.since is not None:
        yield from _named(out.mainline(rule.since))
    for moniker in MAINTAINED:
        if amount := amounts.get(moniker):
            for series in out.series_of(moniker):
                yield f"{series}.*", amount
    for kind, lists in _lists(rule, out, told=False).items():
        for kernels in lists:
            yield from _named(first(amounts[kind], kernels))


def _lists(rule: TrackTable, out: Out, *, told: bool) -> dict[str, list[list[KernelVersion]]]:
    """By kind that a rule asks for, and by series, what there is of it."""
    maintained = out.series_of(*MAINTAINED)
    found = {
        "mainline_candidates": [out.mainline_candidates(told=told)],
        "stable_candidates": [out.stable_candidates(one, told=told) for one in maintained],
        "rt": [out.rt(one, told=told) for one in maintained],
        "next": [out.next(told=told)],
    }
    return {kind: lists for kind, lists in found.items() if kind in rule.amounts}


def _named(kernels: Iterable[KernelVersion]) -> Iterator[tuple[str, Amount]]:
    for kernel in kernels:
        yield str(kernel), "newest"


def _line(rule: TrackTable, version: str, points: Amount) -> PolicyKernel:
    return PolicyKernel(
        version=version,
        sources=rule.sources,
        arch=rule.arch,
        patches=rule.patches,
        profile=rule.profile,
        note=rule.note,
        points=points,
    )


def _missing(rule: TrackTable, place: str, out: Out) -> Iterator[Missing]:
    """What a rule asks for and nobody can give: nobody says which series are maintained, or the
    newest of a kind is told of and no source has it."""
    by_moniker = [kind for kind in ("longterm", "stable", "stable_candidates", "rt")
                  if kind in rule.amounts]  # fmt: skip
    if by_moniker and not out.knows_monikers:
        yield Missing(
            f"{place}.{by_moniker[0]}",
            InfraError(
                "no source has told yet which series are longterm or stable",
                "kernel.org does: name a source of that kind in the rule, and run again when it "
                "answers",
            ),
        )
    had, told = _lists(rule, out, told=False), _lists(rule, out, told=True)
    for kind, lists in told.items():
        for here, there in zip(had[kind], lists, strict=True):
            if there and (not here or here[0] < there[0]):
                yield Missing(
                    f"{place}.{kind}",
                    InfraError(
                        f"{there[0]} is out, and no source has it",
                        "kernel.org makes no signed tarballs of candidates, -rt and linux-next: "
                        "name a git source that has its tag",
                    ),
                )


def maintained(series_monikers: Iterable[tuple[str, str]]) -> list[str]:
    """The series, of those with these monikers, whose candidates are looked for."""
    return [series for series, moniker in series_monikers if moniker in MAINTAINED]


def oldest_since(rules: Sequence[TrackTable]) -> KernelVersion | None:
    """The first mainline release that any rule tracks."""
    return min((rule.since for rule in rules if rule.since is not None), default=None)
