# SPDX-License-Identifier: GPL-2.0-only
"""The front page: each line's state, what needs a look first, and how it is known. It stays small
however much the ledger holds: what does not fit is on the sets' own pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from zpmaint.publish.attention import Attention, attention_of
from zpmaint.publish.glance import LineGlance
from zpmaint.publish.line_looks import LineLook
from zpmaint.publish.line_view import counts_of
from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import TEMPLATES, rendered
from zpmaint.publish.values import Site, Whole
from zpmaint.publish.works import SCRIPTS

STATIC = Path(__file__).parent / "static"
STOPPED = "stopped.js"
"""Says in the reader's browser that the next look did not come, or the page is not made anew."""
_LINES = 84
"""So many lines has the front page, of all sets together: about 24 elements each."""
_LOOKS = 18
"""So many things to look at, of each set; the page folds all but the first few."""
_SETS = 4
"""With more sets than that the front page is a list of them, and what needs a look."""


@dataclass(frozen=True)
class Panel:
    """One patch set on the front page."""

    set: Whole
    views: tuple[LineGlance, ...]
    """All its lines."""
    room: int
    """How many of them are listed."""

    @property
    def tracked(self) -> list[LineGlance]:
        return [view for view in self.views if view.line.is_tracked]

    @cached_property
    def listed(self) -> list[LineGlance]:
        """The tracked lines that there is room for."""
        return self.tracked[: self.room]

    @cached_property
    def others(self) -> list[LineGlance]:
        """Lines that nobody tracks, as far as there is room."""
        rest = [view for view in self.views if not view.line.is_tracked]
        return rest[: max(self.room - len(self.listed), 0)]

    @property
    def left_out(self) -> int:
        """How many lines are on the set's own page alone."""
        return len(self.views) - len(self.listed) - len(self.others)

    @cached_property
    def _attention(self) -> list[Attention]:
        return attention_of(self.views)

    @property
    def attention(self) -> list[Attention]:
        return self._attention[:_LOOKS]

    @property
    def more_attention(self) -> int:
        return len(self._attention) - len(self.attention)

    @property
    def counts(self) -> list[tuple[LineLook, int]]:
        return counts_of(self.tracked or self.views)

    @property
    def holding(self) -> tuple[int, int]:
        """On how many lines the patch holds on the newest kernel that something is known of, and
        how many there are."""
        lines = [view.line for view in self.tracked or self.views]
        return sum(bool(line.good) for line in lines), len(lines)


@dataclass(frozen=True)
class Trust:
    """What the pages rest on, in figures."""

    kernels: int
    verifications: int
    newest: float | None
    """When the newest verification ended."""
    signed: int
    """Kernels whose bytes a signature vouches for, of those that have a source on record."""
    sourced: int
    looked: float | None
    """When somebody last looked for new kernels."""
    next_look: float | None
    """When somebody looks again, at the latest, as was said; None: nobody said."""
    silent_from: float | None
    """From when on it is silence that nobody did."""


def pages(site: Site) -> Iterator[Page]:
    """`index.html`, its script, `style.css` and `favicon.svg`."""
    yield Page("index.html", None, lambda: _index(site))
    yield Page("style.css", made_of(), _style)  # a part of the program, as are the next
    yield Page(STOPPED, made_of(), (STATIC / STOPPED).read_bytes)
    yield Page("favicon.svg", made_of(), (TEMPLATES / "favicon.svg").read_bytes)


def panels_of(sets: Sequence[Whole]) -> list[Panel]:
    """The sets as the front page shows them, with the room that each has."""
    few = len(sets) <= _SETS
    room = _LINES // max(len(sets), 1) if few else 0
    return [Panel(one, tuple(one.views), room) for one in sets]


def trust_of(site: Site) -> Trust:
    """Over all sets."""
    glances = [glance for one in site.sets for glance in one.glances]
    newest = (glance.newest for glance in glances if glance.newest is not None)
    return Trust(
        kernels=len({(v, arch) for one in site.sets for v, arch, _ in one.names}),
        verifications=sum(glance.verifications for glance in glances),
        newest=max(newest, default=None),
        signed=sum(glance.signed for glance in glances),
        sourced=sum(glance.sourced for glance in glances),
        looked=(looked := site.outlook.looked),
        next_look=site.outlook.next_look,
        silent_from=None if looked is None else looked + site.outlook.patience,
    )


def _index(site: Site) -> bytes:
    return rendered(
        "index.html.j2",
        panels=panels_of(site.sets),
        trust=trust_of(site),
        scripts=(*SCRIPTS, STOPPED),
        root="",
        here="index.html",
        generated=site.generated,
        canonical=site.canonical("index.html"),
    )


def _style() -> bytes:
    parts = sorted((TEMPLATES / "style").glob("*.css"))
    return shown("".join(part.read_text("utf-8") for part in parts))
