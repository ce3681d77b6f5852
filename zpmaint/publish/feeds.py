# SPDX-License-Identifier: GPL-2.0-only
"""Feeds (Atom, RFC 4287) of what became otherwise, and of nothing else: of the whole site, of each
patch set, of each line. Pure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from zpmaint.publish.addresses import FEED, line_feed, line_page, set_feed
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.rows import Row
from zpmaint.publish.values import Site
from zpmaint.timeline.values import Line, Transition, TransitionKind

ENTRIES = 60
_NAMESPACE = uuid.UUID("6f0c1f0e-7a70-5d74-9c3e-2b1d9a6f4e10")
"""Makes the entries' names, which must stay the same for ever."""

_LASTING = (TransitionKind.NEW_KERNEL_UNTESTED, TransitionKind.SERVICE_SILENT)
"""News by what is known of now: the day that is told of them may become another one."""


@dataclass(frozen=True)
class Entry:
    """One piece of news, as a feed has it."""

    id: str
    when: float
    """Seconds since the epoch."""
    title: str
    words: str
    page: str
    """The page that tells more, from the site's root; not quoted."""


@dataclass(frozen=True)
class Feed:
    """One feed."""

    address: str
    title: str
    page: str
    """The page that it is about, from the site's root."""
    entries: tuple[Entry, ...]
    """Newest first."""
    changed: float
    """When the newest entry came; without any, when something of it was first tried."""


def pages(site: Site) -> Iterator[Page]:
    """`feed.xml`, `feeds/SET.xml` and `feeds/SET/LINE.xml`."""
    for feed in feeds_of(site):
        yield Page(feed.address, made_of(feed, site.base_url), partial(_xml, feed, site.base_url))


def feeds_of(site: Site) -> list[Feed]:
    """Every feed of the site."""
    by_line: dict[tuple[str, str], list[Transition]] = {}
    for news in site.news:
        by_line.setdefault((news.line.patchset, news.line.name), []).append(news)
    whole: list[tuple[Transition, Entry]] = []
    made: list[Feed] = []
    for one in site.sets:
        rows = {(row.version, row.arch, row.profile): row for row in one.rows}
        of_set: list[tuple[Transition, Entry]] = []
        for line in one.timelines:
            found = by_line.get((line.patchset, line.name), ())
            mine = [(news, _entry(news, rows)) for news in found]
            of_set += mine
            title = f"{one.title}: {_named(line)}"
            made.append(_feed(line_feed(line), title, line_page(line), mine, [line]))
        whole += of_set
        lines = one.timelines
        made.append(_feed(set_feed(one.name), one.title, "index.html", of_set, lines))
    title = ": ".join(["zpmaint", ", ".join(one.title for one in site.sets)])
    every = [line for one in site.sets for line in one.timelines]
    made.append(_feed(FEED, title, "index.html", whole, every))
    return made


def transitions(site: Site) -> list[Transition]:
    """All news of the site, newest first; of a kernel that two lines cover once."""
    return list({_known_by(news): news for news in reversed(site.news)}.values())[::-1]


def id_of(news: Transition) -> str:
    """The name of a piece of news, the same for ever, here and in status.json."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(_known_by(news)))}"


def _feed(
    address: str,
    title: str,
    page: str,
    news: Sequence[tuple[Transition, Entry]],
    lines: Sequence[Line],
) -> Feed:
    once = {_known_by(one): entry for one, entry in news}
    entries = sorted(once.values(), key=lambda entry: (-entry.when, entry.title, entry.id))
    # The feed of what only ever works never changes.
    first = (one.attempts[-1].finished for line in lines for one in line.standings)
    changed = entries[0].when if entries else min(first, default=0.0)
    return Feed(address, title, page, tuple(entries[:ENTRIES]), changed)


def _known_by(news: Transition) -> tuple[str, ...]:
    """What tells a piece of news from others, whichever of two lines it is told of. That nobody
    looks is one for all."""
    line = news.line
    if news.kind is TransitionKind.SERVICE_SILENT:
        return (news.kind, str(int(news.when)))
    when = "" if news.kind in _LASTING else str(news.when)
    names = (line.patchset, news.version, line.arch, line.profile)
    return (news.kind, *names, news.key, when)


def _entry(news: Transition, rows: dict[tuple[str, str, str], Row]) -> Entry:
    line = news.line
    row = rows.get((news.version, line.arch, line.profile))
    silent = news.kind is TransitionKind.SERVICE_SILENT
    about = "nobody looks for new kernels" if silent else f"{news.version} {line.arch}"
    return Entry(
        id=id_of(news),
        when=news.when,
        title=f"{news.kind}: {about}" + (f" {line.profile}" if line.profile else ""),
        words=news.words,
        page=row.page if row and row.page and not silent else line_page(line),
    )


def _named(line: Line) -> str:
    return " ".join(part for part in (line.series, line.arch, line.profile) if part)


def _xml(feed: Feed, base_url: str) -> bytes:
    # From where the feed stands, where nobody knows where the site will.
    root = base_url or "../" * feed.address.count("/")
    return rendered(
        "feed.xml.j2",
        feed=feed,
        id=uuid.uuid5(_NAMESPACE, f"{base_url or 'zpmaint'} {feed.address}"),
        root=root,
        address=f"{base_url}{quote(feed.address)}" if base_url else "",
    )
