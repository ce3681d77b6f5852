# SPDX-License-Identifier: GPL-2.0-only
"""How a conflict that a person solved is kept: as a remembered resolution, or as an anchor."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from zpmaint.app.job import Job
from zpmaint.app.series import ported_series
from zpmaint.core.config import checked
from zpmaint.core.eras import Era
from zpmaint.core.errors import KernelError, UserError
from zpmaint.core.files import write_whole
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.series import Series
from zpmaint.diffs.writer import unified
from zpmaint.merge.lines import join, lines_of
from zpmaint.patchset import resolutions as store
from zpmaint.patchset import table
from zpmaint.patchset.anchor_files import write_anchor
from zpmaint.patchset.load import TABLE
from zpmaint.patchset.schema import PatchTable
from zpmaint.patchset.values import Anchor, PatchSet, Resolution, single
from zpmaint.port import engine, header, resolution
from zpmaint.port.engine import Blobs
from zpmaint.port.sites import Opened
from zpmaint.port.stand import Stand
from zpmaint.port.values import Port

_FAR = 400  # neighbours looked at on either side of a kernel; those with equal files cost nothing
_FAR_OF_SERIES = 25  # of a series few have all files equal, and each costs a port of the whole


@dataclass(frozen=True)
class Case:
    """One patch set's conflict with one kernel."""

    job: Job
    start: Anchor
    """The anchor that met it."""
    base: Blobs
    """The files of the anchor's kernel, and of this one."""
    target: Blobs
    stand: Stand
    """The patch that met it, and the files below it."""
    by: str = ""
    """Who solved it; '' while nobody has."""
    today: str = ""
    """YYYY-MM-DD."""
    why: str = ""

    @property
    def person(self) -> str:
        """The name alone."""
        return self.by.partition(" <")[0]

    @property
    def version(self) -> KernelVersion:
        return self.job.version

    def port(self, patchset: PatchSet, version: KernelVersion, target: Blobs) -> Port:
        """A port as the engine does it with what is known here."""
        bases = {self.start.name: self.base, self.version.tag: self.target}
        return engine.port(patchset, version, bases, target)

    def blobs(self, version: KernelVersion) -> Blobs:
        return self.job.chain.blobs(version, engine.touched_by(self.start))

    @cached_property
    def run(self) -> list[KernelVersion]:
        """The kernels around this one, itself included, onto which the same anchor comes to a
        conflict; oldest first. Only git sources are asked for others."""
        known = self.neighbours
        far = _FAR if self.start.is_single else _FAR_OF_SERIES
        at = known.index(self.version)
        low = high = at
        while low > 0 and at - low < far and self._is_stuck(known[low - 1]):
            low -= 1
        while high + 1 < len(known) and high - at < far and self._is_stuck(known[high + 1]):
            high += 1
        return known[low : high + 1]

    @cached_property
    def neighbours(self) -> list[KernelVersion]:
        others = (v for git in self.job.chain.histories() for v in git.versions())
        return sorted({self.version, *others})

    def _is_stuck(self, version: KernelVersion) -> bool:
        seen = self.port(self.job.patchset, version, self.blobs(version))
        return seen.anchor == self.start.name and not seen.takes(self.stand.patch)


@dataclass(frozen=True)
class Done:
    """What was recorded."""

    port: Port
    patchset: PatchSet
    """The set as it is now."""
    written: tuple[Path, ...]


Results = Mapping[str, Sequence[str]]
"""By path the lines that the person made of a file."""


def already(case: Case, results: Results) -> Done | None:
    """Whether the set knows the solution, as after a run that was killed right before its end."""
    now = case.port(case.job.patchset, case.version, case.target)
    same = _gives(case, now, results)
    return Done(now, case.job.patchset, ()) if same else None


def resolutions(case: Case, found: Mapping[str, Opened], results: Results) -> Done:
    """Remember the solution by the conflict's content. Raises UserError where that would not give
    the person's files back."""
    made = _made(case, found, results)
    patchset = _with(case, made)
    before = {r.key: r for r in case.job.patchset.resolutions}
    fresh = [r for r in made if r.key not in before or before[r.key].edits != r.edits]
    port = case.port(patchset, case.version, case.target)
    if not _gives(case, port, results):
        raise UserError(
            f"{case.version}: cannot be remembered: replayed, it would not give the same files "
            f"({port.state}: {port.why})",
            _instead(case),
        )
    folder = patchset.folder / store.FOLDER
    written = [folder / store.file_name(r) for r in fresh]
    for path_, memory in zip(written, fresh, strict=True):
        write_whole(path_, store.written(memory))
    return Done(port, patchset, tuple(written))


def _instead(case: Case) -> str:
    if case.start.is_single:
        return "record it as an anchor: --done --as-anchor"
    return f"change {case.stand.patch} by hand, in an anchor of its own for this kernel"


def _made(case: Case, found: Mapping[str, Opened], results: Results) -> list[Resolution]:
    """The solution as resolutions. Raises UserError where it cannot be remembered."""
    made: list[Resolution] = []
    for path, what in found.items():
        try:
            learnt = resolution.learnt(what, results[path])
        except ValueError as error:
            raise UserError(f"{path}: cannot be remembered: {error}", _instead(case)) from None
        for site, edits in zip(what.sites, learnt, strict=True):
            if not site.regions:
                raise UserError(
                    f"{path}: cannot be remembered: no two sides clash in {site.where}",
                    _instead(case),
                )
            made.append(
                Resolution(
                    key=resolution.key(site),
                    path=path,
                    scope=site.scope,
                    anchor=case.start.name,
                    version=case.version,
                    by=case.by,
                    date=case.today,
                    why=case.why or "not said",
                    edits=edits,
                )
            )
    return made


def _with(case: Case, made: Sequence[Resolution]) -> PatchSet:
    """The set with these resolutions, each in the place of an older one of its conflict."""
    kept = {r.key: r for r in (*case.job.patchset.resolutions, *made)}
    return replace(case.job.patchset, resolutions=tuple(kept[key] for key in sorted(kept)))


def _gives(case: Case, port: Port, results: Results) -> bool:
    """Whether the patch goes in, and leaves the files as the person made them."""
    patch = case.stand.patch
    ported = {file.path: file.result for file in port.files if file.patch == patch}
    return port.takes(patch) and all(
        ported.get(path) == join(lines) for path, lines in results.items()
    )


def anchor(case: Case, found: Mapping[str, Opened], results: Results) -> Done:
    """Keep the solution as an anchor of the set, its era cut out of that of the one before. Raises
    UserError for a series that stops at a later patch yet: an anchor holds all of them."""
    patchset, start = case.job.patchset, case.start
    if any(a.name == case.version.tag for a in patchset.anchors):
        raise UserError(
            f"{patchset.name} has an anchor {case.version.tag} already",
            "change that one by hand, or leave --as-anchor out",
        )
    own, rest_of = _eras(case)
    why = case.why or f"{start.name} comes to a conflict here"
    cut = Anchor(
        name=case.version.tag,
        version=case.version,
        base=case.version,
        era=own,
        series=_cut(case, found, results) if start.is_single else _cut_series(case, found, results),
        why=f"{why}. Derived from {start.name}, resolved by {case.person} on {case.today}",
    )
    anchors = [replace(a, era=rest_of) if a.name == start.name else a for a in patchset.anchors]
    now = replace(patchset, anchors=tuple(sorted([*anchors, cut], key=lambda a: a.version)))
    port = case.port(now, case.version, case.target)
    if not (port.state.leads_on and _gives(case, port, results)):
        raise KernelError(
            f"{case.version}: the anchor would not give the same files ({port.state}: {port.why})",
            "this is the conflict's own oddity; cut the anchor by hand",
        )
    toml = patchset.folder / TABLE
    text = table.with_anchor(toml.read_text(encoding="utf-8"), cut, start.name, rest_of)
    checked(PatchTable, tomllib.loads(text), toml)
    path = write_anchor(patchset.folder, cut)
    write_whole(toml, text)  # the one that makes it count comes last
    return Done(port, now, (path, toml))


def _cut(case: Case, found: Mapping[str, Opened], results: Results) -> Series:
    """The one patch with what the person made of it."""
    start = case.start
    rest = engine.settled(start.patch, case.base, case.target, case.job.patchset.resolutions)
    diffs = []
    for name in engine.paths(start.patch):
        old = case.target.get(name)
        new = join(results[name]) if name in results else rest[name].result
        diffs.append(
            unified(
                name,
                None if old is None else lines_of(old),
                None if new is None else lines_of(new),
            )
        )
    return single(_head(case, found) + "".join(diffs))


def _cut_series(case: Case, found: Mapping[str, Opened], results: Results) -> Series:
    """All patches as they are ported with what the person made of the one in conflict."""
    patchset = _with(case, _made(case, found, results))
    port = case.port(patchset, case.version, case.target)
    if not _gives(case, port, results) or not port.state.leads_on:
        raise UserError(
            f"{case.version}: {case.start.name} is a series, and it is not whole yet "
            f"({port.state}: {port.why})",
            "--done without --as-anchor remembers this one; the last may be the anchor",
        )
    return ported_series(case.start.series, port.members, case.version.tag)


def _head(case: Case, found: Mapping[str, Opened]) -> str:
    by_hand = "; ".join(
        f"{path} in {site.where}" for path, what in found.items() for site in what.sites
    )
    start = case.start
    return header.of_anchor(
        case.job.patchset,
        case.version,
        [
            ("Derived-from", f"the anchor {start.name} (cut against {start.base})"),
            ("By-hand", by_hand),
            ("Why", case.why or "not said"),
            ("Resolved-by", case.by),
            ("Resolved-on", case.today),
        ],
    )


def _eras(case: Case) -> tuple[Era, Era]:
    """The new anchor's era, and what is left of the one it was derived from."""
    start, version = case.start, case.version
    first = case.run[0].upstream
    if version not in start.era:
        bounds = [a.era for a in case.job.patchset.anchors]
        bounds += [a.era for a in case.job.patchset.adoptions]
        ahead = [era.since for era in bounds if era.since is not None and era.since > version]
        behind = [era.until for era in bounds if era.until is not None and era.until <= first]
        since = max([first, *behind]) if behind else first
        return Era(since, min(ahead, default=None)), start.era
    if version.upstream > start.base:
        since = first if start.era.since is None else max(first, start.era.since)
        return Era(since, start.era.until), Era(start.era.since, since)
    after = next((v for v in case.neighbours if v > case.run[-1]), start.base).upstream
    return Era(start.era.since, after), Era(after, start.era.until)


def follows(case: Case, patchset: PatchSet) -> tuple[Port, ...]:
    """The neighbours that were in conflict and are not, now that `patchset` holds the solution."""
    others = [version for version in case.run if version != case.version]
    ports = [case.port(patchset, version, case.blobs(version)) for version in others]
    return tuple(port for port in ports if port.takes(case.stand.patch))
