# SPDX-License-Identifier: GPL-2.0-only
"""Does it work on mine? The page that answers it: a field that reads what `uname` answers, by a
script and what it reads, and for all who run no scripts the list and the rules themselves.

What is known is in one script for each series: a page of thousands of kernels loads one of them,
and a new record makes one anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from zpmaint.core.kernel_name_rules import Gives, Tree, declared, rules
from zpmaint.publish.glance import Mention, SeriesGlance
from zpmaint.publish.known import Known, known_of, newest_first
from zpmaint.publish.line_view import views_of
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Frame, Shown, Site

ADDRESS = "works.html"
SCRIPTS = ("works/works.js", "works/names.js", "works/sets.js")
"""What a page with the field loads, in this order; a series' own script is loaded when asked for.
The last is another one where a series is new."""

_NAMED = 8
"""So many kernels of a series the list names."""
_CODE = Path(__file__).parent / "static" / "works.js"
_NOTICE = "// SPDX-License-Identifier: GPL-2.0-only\n"


@dataclass(frozen=True)
class Series:
    """One series of a set, for the list."""

    name: str
    kernels: tuple[Known, ...]
    """Newest first."""
    lines: tuple[tuple[str, str], ...] = ()
    """Address and name of the pages of its lines."""

    @cached_property
    def told(self) -> list[list[Any]]:
        """The kernels as the script reads them: works.js names the fields in this order."""
        return [_told(known) for known in self.kernels]

    @cached_property
    def digest(self) -> str:
        """Another one where anything of it is."""
        return made_of(self.name, self.told, self.lines)

    @property
    def glance(self) -> SeriesGlance:
        """It as a table of many shows it."""
        good = next((one for one in self.kernels if one.good), None)
        return SeriesGlance(
            name=self.name,
            digest=self.digest,
            kernels=len(self.kernels),
            good=sum(one.good for one in self.kernels),
            newest_good=_mention(good) if good else None,
            others=tuple(_mention(one) for one in self.kernels[:_NAMED] if one is not good),
            lines=self.lines,
        )


def pages(site: Site) -> Iterator[Page]:
    """`works.html`, and the field's scripts under `works/`."""
    shown = [(one.title, one.folder, [each.digest for each in one.series]) for one in site.sets]
    inputs = made_of(site.base_url, shown, declared())
    yield Page(ADDRESS, inputs, partial(_page, site))
    code, names = SCRIPTS[:2]
    yield Page(code, made_of(), _CODE.read_bytes)  # a part of the program, as is the next
    yield Page(names, made_of(), lambda: _call("takeRules", declared()))
    sets = [
        {"name": one.name, "title": one.title, "folder": one.folder,
         "series": [series.name for series in one.series]}
        for one in site.sets
    ]  # fmt: skip
    yield Page(SCRIPTS[2], made_of(sets), partial(_call, "takeSets", sets))


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`SET/works/SERIES.js`."""
    for series in series_of(one):
        yield Page(
            f"{one.folder}/works/{series.name}.js",
            made_of(one.folder, series.digest),
            partial(_known, one, series),
        )


def series_of(shown: Shown) -> list[Series]:
    """A part's verified kernels by series, the newest series first."""
    groups: dict[str, list[Known]] = {}
    for known in newest_first(known_of(shown.rows)):
        groups.setdefault(known.version.series, []).append(known)
    lines = [(view.line.series, (view.address, view.line.name)) for view in views_of(shown)]
    return [
        Series(
            name,
            tuple(found),
            # A line may be of a whole 7.x.
            tuple(page for series, page in lines if f"{name}.".startswith(f"{series}.")),
        )
        for name, found in groups.items()
    ]


def _known(shown: Shown, series: Series) -> bytes:
    return _call("takeKnown", shown.folder, series.name, series.told)


def _told(known: Known) -> list[Any]:
    return [
        str(known.version),
        known.arch,
        known.profile,
        known.look,
        known.good,
        known.settled,
        known.why,
        known.verified,
        known.cost,
        quote(known.page),
        quote(known.patch),
        known.sha256,
    ]


def _call(function: str, *values: object) -> bytes:
    """A script that hands values over: JSON in ASCII is a script's text, too, and a page that is
    opened from a folder may load it, as it may not load JSON."""
    told = ",\n".join(json.dumps(value, ensure_ascii=True, sort_keys=True) for value in values)
    return f"{_NOTICE}zpmaintWorks.{function}({told});\n".encode("ascii")


def _mention(known: Known) -> Mention:
    return Mention(
        str(known.version), known.arch, known.page, known.patch, known.look, known.verified
    )


def _page(site: Site) -> bytes:
    return rendered(
        "works.html.j2",
        listed=[(one, one.series) for one in site.sets],
        names=[rule for rule in rules().rules if rule.who and rule.gives is not Gives.NOTHING],
        Tree=Tree,
        scripts=SCRIPTS,
        root="",
        here=ADDRESS,
        canonical=site.canonical(ADDRESS),
    )
