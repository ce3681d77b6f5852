# SPDX-License-Identifier: GPL-2.0-only
"""A part of a set's kernels on its way to pages: what is kept of it is taken where it was made of
what there is now; else it is read, judged and told anew."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from zpmaint.core.config import Config, KernelTable
from zpmaint.core.releases import Release
from zpmaint.patchset.panels import Column
from zpmaint.patchset.values import PatchSet
from zpmaint.publish import shelf
from zpmaint.publish.base import Base, base_of
from zpmaint.publish.bench import Pair
from zpmaint.publish.costs_of_set import Changed, SetCosts, merged
from zpmaint.publish.fresh import Name as LineId
from zpmaint.publish.fresh import fresh_again, name_of, shown, telling
from zpmaint.publish.glance import Glance
from zpmaint.publish.glancing import as_json, glance_of, pieces_of
from zpmaint.publish.kept import Asked, KeptParts, Made, digest_of
from zpmaint.publish.kernel import Kernel, Name
from zpmaint.publish.log_places import LogPlace
from zpmaint.publish.manifest import digest
from zpmaint.publish.names import file_name
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.plan import part_pages
from zpmaint.publish.reading import Kernels
from zpmaint.publish.rows import rows_of
from zpmaint.publish.timelines import timelines_of
from zpmaint.publish.values import Frame, Older, Piece, Shown
from zpmaint.timeline.values import Freshness


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
    _pieces: dict[Piece, bytes] = field(default_factory=dict)

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
        if not self._stands:
            return glance_of(self.shown)
        kept = self._kept
        fresh = self._fresh(kept.asked)
        lines = (
            replace(one, line=replace(one.line, freshness=fresh[name_of(one.line)]))
            for one in kept.glance.lines
        )
        return replace(kept.glance, lines=tuple(lines))

    @cached_property
    def shown(self) -> Shown:
        of, frame = self.of, self.of.frame
        changes = merged(of.info, [*self._costs.changes, *self.around.changes])
        config = self._config
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

    @property
    def told(self) -> str:
        """A digest of all that its own pages are made of."""
        return self._kept.told if self._stands else self._told(self._asked)

    def digest(self, piece: Piece) -> str:
        return self._kept.pieces[piece].digest if self._stands else digest_of(self._made(piece))

    def piece(self, piece: Piece) -> bytes:
        """What is kept of it, or is made where that is damaged."""
        found = None
        if self._stands:
            found = self.of.kept.piece(self.file, self._kept.pieces[piece])
        return self._made(piece) if found is None else found

    def pages(self) -> Sequence[Page]:
        if self._stands:
            told = json.loads(self.piece(Piece.PAGES))
            return [Page(address, inputs, partial(self._make, address)) for address, inputs in told]
        return self._pages

    def keep(self) -> None:
        """Keep it for the next time, if it is another one than was kept."""
        if self._stands:
            return
        kept, asked = self.of.kept, self._asked
        kept.keep_facts(self.file, {one.name: (one.state, one.facts) for one in self._kernels})
        made = Made(self._base_of, self.base, self._told(asked), asked, self.glance)
        kept.keep(self.file, made, {piece: self._made(piece) for piece in Piece})

    @cached_property
    def _kept(self) -> Made:
        return self.of.kept.part(self.file)

    @cached_property
    def _stands(self) -> bool:
        """Whether what is kept was made of what there is now."""
        kept = self._kept
        return (
            kept.base_of == self._base_of
            and kept.pieces.keys() == set(Piece)
            and kept.told == self._told(kept.asked)
        )

    @cached_property
    def _base_of(self) -> str:
        states = self.of.kernels.states
        return made_of(self.of.figures, [(*name, states[name]) for name in self.names])

    def _told(self, asked: Asked) -> str:
        texts = self.of.frame.texts
        return made_of(
            (self._base_of, self.of.told, self.around.told),
            [repr(table) for table in self.tables],
            [(name, shown(fresh)) for name, fresh in sorted(self._fresh(asked).items())],
            [(record.key, record.finished) for record, _ in self.benchmarks],
            asked.logs,
            "".join("01"[texts.has(one)] for one in asked.logs),
            asked.places,
            [texts.state(LogPlace(*one)) for one in asked.places],
        )

    def _fresh(self, asked: Asked) -> dict[LineId, Freshness]:
        """How fresh its lines are now."""
        frame = self.of.frame
        outlook = replace(frame.outlook, releases=tuple(self.releases))
        return fresh_again(self.of.name, asked.newest, self._config, outlook, frame.generated)

    @cached_property
    def _config(self) -> Config:
        """kernels.toml with the lines that concern it."""
        return self.of.frame.config.model_copy(update={"kernel": list(self.tables)})

    @cached_property
    def _asked(self) -> Asked:
        places = [place for row in self.shown.rows for place in row.logs]
        return Asked(
            newest=telling(self.shown.timelines),
            logs=sorted({place.digest for place in places if place.digest}),
            places=[place.told() for place in places if not place.digest],
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

    def _made(self, piece: Piece) -> bytes:
        if piece not in self._pieces:
            self._pieces[piece] = self._pieces_made[piece]()
        return self._pieces[piece]

    @cached_property
    def _pieces_made(self) -> Mapping[Piece, Callable[[], bytes]]:
        pages = self._pages
        addresses = (page.address for page in pages if page.address.endswith(".html"))
        return {
            **pieces_of(self.shown),
            Piece.PAGES: lambda: as_json([(page.address, str(page.inputs)) for page in pages]),
            Piece.HTML: lambda: "\n".join(addresses).encode(),
        }
