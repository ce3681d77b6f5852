# SPDX-License-Identifier: GPL-2.0-only
"""A part of a set's kernels on its way to pages: what is kept of it is taken where it was made of
what there is now; else it is read, judged and told anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial

from zpmaint.core.config import KernelTable
from zpmaint.core.releases import Release
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet
from zpmaint.publish import shelf
from zpmaint.publish.base import Base, base_of
from zpmaint.publish.bench import Pair
from zpmaint.publish.costs_of_set import Changed, SetCosts, merged
from zpmaint.publish.glance import Glance
from zpmaint.publish.glancing import glance_of
from zpmaint.publish.kept import Asked, KeptParts, Made
from zpmaint.publish.kernel import Kernel, Name
from zpmaint.publish.log_places import LogPlace
from zpmaint.publish.manifest import digest
from zpmaint.publish.names import file_name
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.plan import part_pages
from zpmaint.publish.reading import Kernels
from zpmaint.publish.rows import rows_of
from zpmaint.publish.timelines import timelines_of
from zpmaint.publish.values import Frame, Older, Shown
from zpmaint.timeline.costs import Costs
from zpmaint.timeline.freshness import STALE_AFTER


@dataclass(frozen=True)
class SetFrame:
    """What all parts of a patch set have in common."""

    frame: Frame
    name: str
    info: PatchSet | None
    kernels: Kernels
    kept: KeptParts

    @property
    def title(self) -> str:
        return self.info.title if self.info else self.name

    @cached_property
    def told(self) -> str:
        """A digest of what pages of any part show of it."""
        frame, signer = self.frame, self.frame.signer
        return made_of(
            (frame.base_url, frame.config.patch, self.name, repr(self.info)),
            (signer.kind, signer.key) if signer else (),
            bool(shelf.documents()),
        )

    @cached_property
    def figures(self) -> str:
        """A digest of what is wanted of the figures."""
        info = self.info
        return made_of(info.panels, info.columns, repr(info.pages)) if info else ""


@dataclass(frozen=True)
class Around:
    """What is known of the other parts."""

    columns: tuple[Column, ...] = ()
    """Those of the set that any kernel has a figure for."""
    changes: tuple[Changed, ...] = ()
    """Those of costs from the series before to one of the part."""
    older: Mapping[tuple[str, str], Older] = field(default_factory=dict)
    """By architecture and profile the newest kernel before those of the part."""

    @property
    def told(self) -> str:
        """A digest of it."""
        return made_of(
            self.columns,
            [(one.panel.name, one.change, one.profile) for one in self.changes],
            [(*name, one.version, one.state) for name, one in sorted(self.older.items())],
        )


@dataclass
class PartOfSet:
    """A part. What is around it is to be given before more than its base is asked for."""

    of: SetFrame
    name: str
    """Among the parts of the set; fit for a file's name."""
    names: Sequence[Name]
    """Its kernels, in order."""
    tables: Sequence[KernelTable] = ()
    """The lines of kernels.toml that concern it."""
    benchmarks: tuple[Pair, ...] = ()
    releases: Sequence[Release] = ()
    around: Around = field(default_factory=Around)

    @property
    def file(self) -> str:
        """What its kept files are called."""
        return f"{file_name(self.of.name)}-{self.name}"

    @cached_property
    def base(self) -> Base:
        """What others need to know of it."""
        if self._kept.base_of == self._base_of:
            return self._kept.base
        return base_of(self._costs)

    @cached_property
    def glance(self) -> Glance:
        return self._kept.glance if self._stands else glance_of(self.of.frame, self.shown)

    @cached_property
    def shown(self) -> Shown:
        of, frame = self.of, self.of.frame
        changes = merged(of.info, [*self.base.changed(self._costs.panels), *self.around.changes])
        config = frame.config.model_copy(update={"kernel": list(self.tables)})
        lines = timelines_of(
            self._kernels, config, frame.outlook, frame.generated, {of.name: changes}
        ).get(of.name, ())
        return Shown(
            name=of.name,
            title=of.title,
            info=of.info,
            rows=tuple(rows_of(config, self._kernels, of.name, lines)),
            benchmarks=self.benchmarks,
            timelines=lines,
            costs=self._costs,
            columns=self.around.columns,
            older=self.around.older,
        )

    def pages(self) -> Sequence[Page]:
        if self._stands:
            return [
                Page(address, inputs, partial(self._make, address))
                for address, inputs in self._kept.pages
            ]
        return self._pages

    def measured(self) -> list[Costs]:
        """The figures that are wanted of its kernels."""
        return self._costs.costs

    def keep(self) -> None:
        """Keep it for the next time, if it is another one than was kept."""
        if self._stands:
            return
        asked = self._asked
        kept = self.of.kept
        kept.keep_facts(self.file, {one.name: (one.state, one.facts) for one in self._kernels})
        kept.keep(
            self.file,
            Made(
                self._base_of,
                self.base,
                self._made_of(asked),
                asked,
                self.glance,
                [(page.address, str(page.inputs)) for page in self._pages],
            ),
        )

    @cached_property
    def _kept(self) -> Made:
        return self.of.kept.part(self.file)

    @cached_property
    def _stands(self) -> bool:
        """Whether what is kept was made of what there is now."""
        kept = self._kept
        return kept.base_of == self._base_of and kept.made_of == self._made_of(kept.asked)

    @cached_property
    def _base_of(self) -> str:
        states = self.of.kernels.states
        return made_of(self.of.figures, [(*name, states[name]) for name in self.names])

    def _made_of(self, asked: Asked) -> str:
        frame = self.of.frame
        outlook, texts, now = frame.outlook, frame.texts, frame.generated
        return made_of(
            (self._base_of, self.of.told, self.around.told, outlook.looked, outlook.within),
            [repr(table) for table in self.tables],
            list(self.releases),
            [(record.key, record.finished) for record, _ in self.benchmarks],
            asked.confirmed,
            [outlook.confirmed.get(key) for key in asked.confirmed],
            asked.logs,
            "".join("01"[texts.has(one)] for one in asked.logs),
            asked.places,
            [texts.state(LogPlace(*one)) for one in asked.places],
            asked.ages,
            [now - when > after for when, after in asked.ages],
        )

    @property
    def _asked(self) -> Asked:
        places = [place for row in self.shown.rows for place in row.logs]
        fresh = [line.freshness for line in self.shown.timelines]
        newest = (line.newest for line in self.shown.timelines)
        sure = (max(one.confirmed or 0.0, one.verified) for one in fresh if one.verified)
        return Asked(
            confirmed=sorted({one.settled.key for one in newest if one and one.settled}),
            logs=sorted({place.digest for place in places if place.digest}),
            places=[place.told() for place in places if not place.digest],
            ages=[
                *((one.silent_from, 0.0) for one in fresh if one.silent_from is not None),
                *((when, STALE_AFTER) for when in sure),
            ],
        )

    @cached_property
    def _kernels(self) -> list[Kernel]:
        return self.of.kernels.of(self.names, self.of.kept.facts(self.file)) if self.names else []

    @cached_property
    def _costs(self) -> SetCosts:
        return SetCosts(self.of.info, tuple(self._kernels))

    @cached_property
    def _pages(self) -> list[Page]:
        return [
            Page(page.address, digest(page.inputs or ""), page.make)
            for page in part_pages(self.of.frame, self.shown)
        ]

    @cached_property
    def _makers(self) -> dict[str, Callable[[], bytes]]:
        return {page.address: page.make for page in self._pages}

    def _make(self, address: str) -> bytes:
        return self._makers[address]()
