# SPDX-License-Identifier: GPL-2.0-only
"""calendar.ics (iCalendar, RFC 5545): the days on which kernels came out, and verdicts. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from zpmaint.core.releases import Release
from zpmaint.core.shown import visible
from zpmaint.publish.addresses import CALENDAR
from zpmaint.publish.glance import Verdict
from zpmaint.publish.looks import LOOKS
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.values import Piece, Shown, Site

_VERDICTS = 500
_RELEASES = 500
_OCTETS = 75
"""So long a line may be, its end not counted (RFC 5545, 3.1)."""

Property = tuple[str, str]
"""A name with its parameters, and a value that is written as it is."""


def pages(site: Site) -> Iterator[Page]:
    """`calendar.ics`."""
    releases = sorted(
        (one for one in site.outlook.releases if one.released is not None),
        key=lambda one: (-(one.released or 0.0), one.version),
    )[:_RELEASES]
    told = [replace(one, seen=0.0, sources=()) for one in releases]  # of each look another one
    verdicts = [(one.title, one.digests(Piece.VERDICTS)) for one in site.sets]
    inputs = made_of(told, verdicts, site.base_url)
    yield Page(CALENDAR, inputs, partial(_calendar, site, releases))


def verdicts_of(one: Shown) -> list[list[Any]]:
    """The fields of each kernel's Verdict, where it has one."""
    return [
        [row.verified or 0.0, row.page, row.patchset, row.version, row.arch, row.profile, row.look,
         row.why]
        for row in one.rows
        if row.tried and row.tried.result.settles
    ]  # fmt: skip


def _newest(site: Site) -> list[Verdict]:
    told = [one for each in site.sets for mine in each.read(Piece.VERDICTS) for one in mine]
    return [Verdict(*one) for one in sorted(told, key=lambda one: (-one[0], one[1]))[:_VERDICTS]]


def _calendar(site: Site, releases: list[Release]) -> bytes:
    lines: list[Property] = [
        ("BEGIN", "VCALENDAR"),
        ("VERSION", "2.0"),
        ("PRODID", "-//zpmaint//status page//EN"),
        ("CALSCALE", "GREGORIAN"),
        ("X-WR-CALNAME", _text("zpmaint: " + ", ".join(one.title for one in site.sets))),
    ]
    for release in releases:
        lines += _released(release)
    for one in _newest(site):
        lines += _verdict(one, site)
    lines.append(("END", "VCALENDAR"))
    return b"".join(_folded(f"{name}:{value}") for name, value in lines)


def _released(release: Release) -> list[Property]:
    day = _utc(release.released or 0.0)
    said = release.moniker + (", the last of its series" if release.eol else "")
    withdrawn = " (withdrawn)" if release.withdrawn else ""
    return [
        ("BEGIN", "VEVENT"),
        ("UID", _uid("release", release.version)),
        ("DTSTAMP", _stamp(release.first_seen)),
        ("DTSTART;VALUE=DATE", f"{day:%Y%m%d}"),
        ("DTEND;VALUE=DATE", f"{day + timedelta(days=1):%Y%m%d}"),
        ("SUMMARY", _text(f"Linux {release.version} is out{withdrawn}")),
        *([("DESCRIPTION", _text(said))] if said else []),
        ("CATEGORIES", "RELEASE"),
        ("TRANSP", "TRANSPARENT"),
        ("END", "VEVENT"),
    ]


def _verdict(row: Verdict, site: Site) -> list[Property]:
    ended = row.verified
    profile = f" {row.profile}" if row.profile else ""
    words = f"{row.patchset}: {row.version} {row.arch}{profile}: {LOOKS[row.look].words}"
    return [
        ("BEGIN", "VEVENT"),
        ("UID", _uid("verdict", row.patchset, row.version, row.arch, row.profile, str(ended))),
        ("DTSTAMP", _stamp(ended)),
        ("DTSTART", _stamp(ended)),
        ("SUMMARY", _text(words)),
        ("DESCRIPTION", _text(row.why)),
        *([("URL", site.canonical(row.page))] if site.base_url else []),
        ("CATEGORIES", "VERDICT"),
        ("TRANSP", "TRANSPARENT"),
        ("END", "VEVENT"),
    ]


def _uid(*names: str) -> str:
    digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
    return f"{digest[:32]}@zpmaint.invalid"


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _stamp(seconds: float) -> str:
    return f"{_utc(seconds):%Y%m%dT%H%M%SZ}"


def _text(words: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11); control characters are shown."""
    words = visible(" ".join(words.split())).encode("utf-8", "replace").decode()
    for sign in ("\\", ";", ","):
        words = words.replace(sign, f"\\{sign}")
    return words


def _folded(line: str) -> bytes:
    """A content line: no part longer than 75 octets, no character torn apart."""
    whole = line.encode()
    if len(whole) <= _OCTETS:
        return whole + b"\r\n"
    made, part = b"", b""
    for character in line:
        octets = character.encode()
        if len(part) + len(octets) > _OCTETS:
            made += part + b"\r\n"
            part = b" "
        part += octets
    return made + part + b"\r\n"
