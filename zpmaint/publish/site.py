# SPDX-License-Identifier: GPL-2.0-only
"""The status page: a folder of plain files, written from the ledger and the declarations alone.

The same input gives the same bytes. Nothing on a page comes from elsewhere; the one script, of the
field that reads a kernel's name, is the site's own, and all is there without it.
`values` has what is shown, `plan` all kinds of pages, each in a module of its own, and `writing`
puts them on the disk. Kernels are read, judged and told in parts that know of one another
(`grouping`), and a part without news is taken as it was kept (`part`, `kept`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import TypeVar

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.signer import Signer
from zpmaint.ledger.values import Record
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.bench import Pair
from zpmaint.publish.compare import config_state
from zpmaint.publish.costs_of_set import between_series
from zpmaint.publish.grouping import Part, Parts, newest_first
from zpmaint.publish.kept import KeptParts
from zpmaint.publish.kernel import Kernel, Name, kernels_of
from zpmaint.publish.part import Around, PartOfSet, SetFrame
from zpmaint.publish.plan import bundles_of, pages_of, whole_pages
from zpmaint.publish.reading import InHand, InLedger, Kernels, Remembers
from zpmaint.publish.rows import Row, patchsets_of
from zpmaint.publish.texts import NoTexts, Texts
from zpmaint.publish.values import Frame, Older, Site, Whole
from zpmaint.publish.writing import Written, standing

Key = TypeVar("Key")
One = TypeVar("One")

_NOTHING_KEPT = KeptParts(None, "")


@dataclass(frozen=True)
class Material:
    """All that a site is made of beside its records."""

    config: Config
    patchsets: Sequence[PatchSet]
    """What patches/ says of the sets; one that only the ledger knows is shown without its story."""
    generated: float
    """Seconds since the epoch."""
    base_url: str = ""
    """Where the site will stand, if that is known."""
    benchmarks: Sequence[Pair] = ()
    """One for each kernel that has a full one, oldest kernel first."""
    outlook: Outlook = UNSEEN
    """What is remembered of looking for new kernels."""
    texts: Texts = field(default_factory=NoTexts)
    """Where whole logs are read from."""
    signer: Signer | None = None
    """Who signs the list of files, if anybody does."""

    @property
    def frame(self) -> Frame:
        """What of it pages of all kinds may show."""
        base = f"{self.base_url.rstrip('/')}/" if self.base_url else ""
        return Frame(self.config, self.generated, base, self.outlook, self.texts, self.signer)


def publish(
    ledger: Remembers, material: Material, out: Path, *, reporter: Reporter = SILENT
) -> Written:
    """Bring the site at `out` up to date with the ledger: what changed is made and written, and the
    new site takes the former one's place in one step.

    Raises UserError if `out` is something other than an empty folder or a former site, InfraError
    where the ledger cannot be read or the disk does not take what is written."""
    with standing(out, reporter) as former:
        site, parts = assembled(InLedger(ledger), material, former.kept, former.lasting)
        done = former.write(whole_pages(site), bundles_of(site))
        for part in parts:
            part.keep()
        former.kept.keep_only({part.file for part in parts} | {one.folder for one in site.sets})
        return done


def site_files(records: Iterable[Record], material: Material) -> dict[str, bytes]:
    """The site's pages by address, as `publish` writes them, of records that are at hand: the
    whole history in any order."""
    site = site_of(kernels_of(records), material)
    return {page.address: page.make() for page in pages_of(site)}


def site_of(kernels: Iterable[Kernel], material: Material, *, lasting: Sequence[str] = ()) -> Site:
    """What the pages are made of. `kernels` is all that was ever tried, in any order; `lasting`
    what of the former site is named by its content and stays."""
    site, _ = assembled(InHand(kernels), material, _NOTHING_KEPT, lasting)
    return site


def assembled(
    kernels: Kernels, material: Material, kept: KeptParts, lasting: Sequence[str] = ()
) -> tuple[Site, list[PartOfSet]]:
    """The site as `site_of` gives it, and its parts; of them what is `kept` is taken from there, if
    it was made of what there is now."""
    config, frame = material.config, material.frame
    infos = {info.name: info for info in material.patchsets}
    groups = _Groups.of(kernels.states, config, material.benchmarks, material.outlook)
    sets, every = [], []
    for name in patchsets_of(config, kernels.states):
        of = SetFrame(frame, name, infos.get(name), kernels, kept)
        parts = groups.parts(of)
        every += parts
        sets.append(_whole(of, parts, groups.benchmarks_of(name)))
    told = {one.name: getattr(frame, one.name) for one in fields(Frame)}
    return Site(**told, sets=tuple(sets), lasting=tuple(lasting)), every


@dataclass(frozen=True)
class _Groups:
    """By part what falls into it."""

    names: Mapping[Part, list[Name]]
    tables: Mapping[Part, list[KernelTable]]
    benchmarks: Mapping[Part, list[Pair]]
    releases: Mapping[tuple[int, ...], list[Release]]
    every_benchmark: Sequence[Pair]

    @classmethod
    def of(
        cls,
        names: Iterable[Name],
        config: Config,
        benchmarks: Sequence[Pair],
        outlook: Outlook,
    ) -> _Groups:
        parts = Parts(config)
        return cls(
            _grouped(names, lambda name: parts.of(name[2], name[0])),
            {
                part: [table for _, table in mine]
                for part, mine in _grouped(parts.tables(), lambda both: both[0]).items()
            },
            _grouped(benchmarks, lambda pair: parts.of(pair[0].patchset, pair[0].version)),
            _grouped(outlook.releases, lambda release: parts.of("", release.version).numbers),
            benchmarks,
        )

    def benchmarks_of(self, patchset: str) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.every_benchmark if pair[0].patchset == patchset)

    def parts(self, of: SetFrame) -> list[PartOfSet]:
        """Those of a set, newest kernels first."""
        mine = {one for one in (*self.names, *self.tables) if one.patchset == of.name}
        return [
            PartOfSet(
                of,
                one.name,
                sorted(self.names.get(one, ())),
                self.tables.get(one, ()),
                tuple(self.benchmarks.get(one, ())),
                self.releases.get(one.numbers, ()),
            )
            for one in newest_first(mine)
        ]


def _whole(of: SetFrame, parts: Sequence[PartOfSet], benchmarks: tuple[Pair, ...]) -> Whole:
    """A set of its parts, each of which gets to know what it has to of the others."""
    info = of.info
    between = between_series(info, (head for part in parts for head in part.base.heads))
    columns = _columns(info, parts)
    older: dict[tuple[str, str], Older] = {}
    for part in reversed(parts):
        versions = {name[0] for name in part.names}
        mine = tuple(one for one in between if one.change.first in versions)
        part.around = Around(columns, mine, dict(older))
        for known in part.base.known:
            state = f"{known.state} {config_state(of.frame.texts, known.configs)}"
            row = partial(_row, part, known.version, known.arch, known.profile)
            older[known.arch, known.profile] = Older(known.version, state, row)

    return Whole(
        of.name, of.title, info, tuple(parts), benchmarks, between, columns, of.kept, _order(of)
    )


def _columns(info: PatchSet | None, parts: Sequence[PartOfSet]) -> tuple[Column, ...]:
    places = {place for part in parts for place in part.base.columns}
    return tuple(one for n, one in enumerate(info.columns if info else ()) if n in places)


def _order(of: SetFrame) -> dict[tuple[str, str, str], int]:
    """By line of kernels.toml, architecture and profile its place."""
    config = of.frame.config
    found: dict[tuple[str, str, str], int] = {}
    for table in config.kernel:
        if of.name in (table.patches or (config.patch,)):
            for arch in table.arch:
                found.setdefault((table.version, arch, table.profile), len(found))
    return found


def _row(part: PartOfSet, version: str, arch: str, profile: str) -> Row:
    wanted = (version, arch, profile)
    return next(row for row in part.shown.rows if (row.version, row.arch, row.profile) == wanted)


def _grouped(items: Iterable[One], key: Callable[[One], Key]) -> dict[Key, list[One]]:
    found: dict[Key, list[One]] = {}
    for one in items:
        found.setdefault(key(one), []).append(one)
    return found
