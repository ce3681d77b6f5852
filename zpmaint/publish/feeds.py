# SPDX-License-Identifier: GPL-2.0-only
"""Feeds (Atom, RFC 4287) of what became otherwise, and of nothing else: of the whole site, of each
patch set, of each line. Pure."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

from zpmaint.publish.addresses import FEED, line_feed, line_page, set_feed
from zpmaint.publish.glance import News
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.values import Frame, Piece, Shown, Site, Whole
from zpmaint.timeline.values import TransitionKind

ENTRIES = 60
MOST = 200
"""So much news of a line is kept at most: no page shows more."""
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


def part_pages(frame: Frame, one: Shown) -> Iterator[Page]:
    """`feeds/SET/LINE.xml`."""
    for feed in _line_feeds(one):
        yield _page(frame, feed)


def pages(site: Site) -> Iterator[Page]:
    """`feed.xml` and `feeds/SET.xml`."""
    news = [(one.title, one.digests(Piece.NEWS), _first(one)) for one in site.sets]
    yield Page(FEED, made_of(site.base_url, news), partial(_of_site, site))
    for one, told in zip(site.sets, news, strict=True):
        inputs = made_of(site.base_url, one.name, told)
        yield Page(set_feed(one.name), inputs, partial(_of_set, site, one))


def news_of(one: Shown) -> list[list[News]]:
    """By line what became otherwise, the newest first, told once: as much as any page shows."""
    rows = {(row.version, row.arch, row.profile): row.page for row in one.rows}
    by_line: dict[tuple[str, str], list[News]] = {}
    for told in one.news:
        line = told.line
        page = rows.get((told.version, line.arch, line.profile), "")
        by_line.setdefault((line.patchset, line.name), []).append(
            News(
                told.kind, told.when, told.version, told.before, told.words, told.key, page,
                line.patchset, line.name, line.arch, line.profile, line_page(line),
            )
        )  # fmt: skip
    return [once(by_line.get((line.patchset, line.name), ()))[:MOST] for line in one.timelines]


def once(news: Iterable[News]) -> list[News]:
    """All of it, newest first; of a kernel that two lines cover once."""
    newest_first = sorted(
        news,
        key=lambda one: (one.when, one.patchset, one.line, one.version, one.kind),
        reverse=True,
    )
    return list({_known_by(one): one for one in reversed(newest_first)}.values())[::-1]


def _line_feeds(one: Shown) -> Iterator[Feed]:
    for line, news in zip(one.timelines, news_of(one), strict=True):
        ended = (kernel.attempts[-1].finished for kernel in line.standings)
        first = min(ended, default=0.0)
        named = " ".join(part for part in (line.series, line.arch, line.profile) if part)
        yield _feed(line_feed(line), f"{one.title}: {named}", line_page(line), news, first)


def _first(one: Whole) -> float | None:
    """When anything of a set was first tried."""
    return min((line.first for line in one.lines if line.first is not None), default=None)


def _of_set(site: Site, one: Whole) -> bytes:
    feed = _feed(set_feed(one.name), one.title, "index.html", one.news, _first(one) or 0.0)
    return _xml(feed, site.base_url)


def _of_site(site: Site) -> bytes:
    firsts = [first for one in site.sets if (first := _first(one)) is not None]
    title = ": ".join(["zpmaint", ", ".join(one.title for one in site.sets)])
    news = [told for one in site.sets for told in one.news]
    return _xml(_feed(FEED, title, "index.html", news, min(firsts, default=0.0)), site.base_url)


def _page(frame: Frame, feed: Feed) -> Page:
    return Page(feed.address, made_of(feed, frame.base_url), partial(_xml, feed, frame.base_url))


def id_of(news: News) -> str:
    """The name of a piece of news, the same for ever, here and in status.json."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, json.dumps(_known_by(news)))}"


def _feed(address: str, title: str, page: str, news: Iterable[News], first: float) -> Feed:
    found = {_known_by(one): one for one in news}.values()
    # What else there is of an entry takes longer to make than to find the newest.
    whens = sorted((one.when for one in found), reverse=True)[:ENTRIES]
    newest = (one for one in found if one.when >= whens[-1])
    entries = sorted(map(_entry, newest), key=lambda entry: (-entry.when, entry.title, entry.id))
    # The feed of what only ever works never changes.
    changed = entries[0].when if entries else first
    return Feed(address, title, page, tuple(entries[:ENTRIES]), changed)


def _known_by(news: News) -> tuple[str, ...]:
    """What tells a piece of news from others, whichever of two lines it is told of. That nobody
    looks is one for all."""
    if news.kind is TransitionKind.SERVICE_SILENT:
        return (news.kind, str(int(news.when)))
    when = "" if news.kind in _LASTING else str(news.when)
    return (news.kind, news.patchset, news.version, news.arch, news.profile, news.key, when)


def _entry(news: News) -> Entry:
    silent = news.kind is TransitionKind.SERVICE_SILENT
    about = "nobody looks for new kernels" if silent else f"{news.version} {news.arch}"
    return Entry(
        id=id_of(news),
        when=news.when,
        title=f"{news.kind}: {about}" + (f" {news.profile}" if news.profile else ""),
        words=news.words,
        page=news.page if news.page and not silent else news.line_page,
    )


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
