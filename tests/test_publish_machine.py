# SPDX-License-Identifier: GPL-2.0-only
"""What programs read: status.json by its schema, feeds by RFC 4287, the calendar by RFC 5545,
badges that are never better than what is known."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import unquote, urljoin
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from ledger_fixtures import NOON, SET, modern_deltas, passing, record, samples
from publish_fixtures import config, patchset

from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.plan import pages_of
from zpmaint.publish.site import Material, site_of

_ATOM = "{http://www.w3.org/2005/Atom}"
DAY = 86_400.0
BASE = "https://example.org/zp/"
HOSTILE = ("../../etc/passwd", "<script>alert(1)</script>", "6.12.\N{RIGHT-TO-LEFT OVERRIDE}7", "")

OUT = Outlook(
    (
        Release("6.12.108", "6.12", "longterm", NOON - DAY, seen=NOON, first_seen=NOON),
        Release("6.1.177", "6.1", "longterm", NOON, eol=True, seen=NOON, first_seen=NOON),
        Release("7.2.7", "7.2", "stable", seen=NOON, first_seen=NOON, withdrawn=True),
    ),
    NOON,
    {"key-6.1.176": NOON},
)


def site(
    *records: Record,
    outlook: Outlook = UNSEEN,
    now: float = NOON + 3600,
    track: tuple[str, ...] = (),
) -> dict[str, bytes]:
    made = site_of(
        kernels_of(records),
        Material(config(*track), [patchset()], generated=now, base_url=BASE, outlook=outlook),
    )
    return {page.address: page.make() for page in pages_of(made)}


@cache
def every_kind() -> dict[str, bytes]:
    """A site with every kind of row, line, run and transition."""
    return site(
        *samples(),
        *(record(f"6.6.{n}", Result.FAIL, why="hangs", started=NOON + n) for n in range(12, 18)),
        record("6.6.18", started=NOON + 20),
        record("5.15.1", started=NOON), record("5.15.1", Result.FAIL, started=NOON + 9),
        record("5.4.1", Result.INDETERMINATE),
        record("6.12.107", profile="kasan"),
        *(record(name, Result.FAIL, why="a\x1b[31m;b,c\nd" * 20) for name in HOSTILE),
        passing("6.11.1", modern_deltas(900, 2400, 2200, 2300), arch="i386", patchset="other"),
        outlook=OUT,
    )  # fmt: skip


def document(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["status.json"])
    return found


def schema(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["schema/status-2.json"])
    return found


def closed(part: Any) -> Any:
    """A schema that allows no property which it does not tell of."""
    if isinstance(part, list):
        return [closed(one) for one in part]
    if not isinstance(part, dict):
        return part
    made = {name: closed(value) for name, value in part.items()}
    if part.get("type") == "object":
        made["additionalProperties"] = False
    return made


@pytest.mark.parametrize("files", [every_kind, site], ids=["every kind", "empty"])
def test_the_document_is_as_its_schema_tells_and_has_nothing_else(files: Any) -> None:
    made = files()
    Draft202012Validator.check_schema(schema(made))
    faults = list(Draft202012Validator(closed(schema(made))).iter_errors(document(made)))
    assert [f"{list(fault.absolute_path)}: {fault.message[:200]}" for fault in faults] == []


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schema",), 1),
        (("generated",), "yesterday"),
        (("patchsets", 0, "kernels", 0, "state"), "fine"),
        (("patchsets", 0, "kernels", 0, "good"), None),
        (("patchsets", 0, "lines", 0, "freshness"), None),
        (("transitions", 0, "when"), 5),
    ],
)
def test_a_document_that_is_otherwise_is_refused(where: tuple[Any, ...], value: object) -> None:
    made = document(every_kind())
    part: Any = made
    for name in where[:-1]:
        part = part[name]
    part[where[-1]] = value
    assert list(Draft202012Validator(schema(every_kind())).iter_errors(made))


def test_the_document_has_the_lines_with_their_runs() -> None:
    [one, *_] = document(every_kind())["patchsets"]
    lines = {line["name"]: line for line in one["lines"]}
    [fixed, broken] = lines["6.6-x86_64"]["episodes"]
    assert (broken["first"], broken["last"], broken["kernels"]) == ("6.6.12", "6.6.17", 6)
    assert (broken["ended_by"], broken["fixed"], fixed["kind"]) == ("6.6.18", True, "works")
    assert lines["6.12-x86_64"]["freshness"]["untested"] == "6.12.108"
    assert lines["5.15-x86_64"]["state"] == "flaky"
    assert lines["6.12-x86_64-kasan"]["profile"] == "kasan"
    kernels = {(k["version"], k["profile"]): k for k in one["kernels"]}
    assert kernels["6.6.17", None]["episode"]["first"] == "6.6.12"
    assert (kernels["5.15.1", None]["state"], kernels["5.15.1", None]["good"]) == ("flaky", False)
    assert [a["result"] for a in kernels["5.15.1", None]["history"]] == ["fail", "pass"]
    assert kernels["6.12.107", "kasan"]["line"] == "6.12-x86_64-kasan"


def test_addresses_in_the_document_lead_somewhere() -> None:
    made = every_kind()
    for one in document(made)["patchsets"]:
        rows = [one, *one["lines"], *one["kernels"]]
        named = [row[n] for row in rows for n in ("page", "patch", "feed", "badge") if row.get(n)]
        lost = [address for address in named if unquote(address) not in made]
        assert lost == []
        for row in one["kernels"]:
            for file in (*row["files"], *row["patches"]):
                content = made[unquote(file["address"])]
                assert hashlib.sha256(content).hexdigest() == file["sha256"]
            if row["patch"]:
                assert hashlib.sha256(made[unquote(row["patch"])]).hexdigest() == row["sha256"]
    assert any(row["patch"] for row in document(made)["patchsets"][0]["kernels"])


def test_news_of_every_kind_is_in_the_document() -> None:
    news = document(every_kind())["transitions"]
    assert {row["kind"] for row in news} >= {
        "turned red", "turned green", "flake", "new kernel untested",
    }  # fmt: skip
    late = document(site(record("6.12.107"), outlook=OUT, now=NOON + 9 * DAY))
    assert {row["kind"] for row in late["transitions"]} == {"new kernel untested", "service silent"}


def feeds(files: dict[str, bytes]) -> dict[str, ElementTree.Element]:
    return {
        name: ElementTree.fromstring(data)
        for name, data in files.items()
        if name == "feed.xml" or name.startswith("feeds/")
    }


def text(element: ElementTree.Element, name: str) -> str:
    return element.findtext(f"{_ATOM}{name}") or ""


def test_feeds_are_what_rfc_4287_asks_for() -> None:
    made = feeds(every_kind())
    assert {"feed.xml", f"feeds/{SET}.xml", f"feeds/{SET}/6.12-x86_64.xml"} < set(made)
    ids = set()
    for name, feed in made.items():
        assert feed.tag == f"{_ATOM}feed"
        links = {link.get("rel"): link for link in feed.findall(f"{_ATOM}link")}
        assert unquote(links["self"].get("href") or "") == f"{BASE}{name}"
        assert (links["alternate"].get("href") or "").startswith(BASE)
        assert feed.find(f"{_ATOM}author/{_ATOM}name") is not None
        of_it = []
        for element in (feed, *feed.findall(f"{_ATOM}entry")):
            for needed in ("id", "title", "updated"):
                assert len(element.findall(f"{_ATOM}{needed}")) == 1, (name, needed)
                assert text(element, needed).strip()
            assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text(element, "id"))
            when = datetime.fromisoformat(text(element, "updated"))
            assert when.tzinfo is not None
            of_it.append(when)
        entries = feed.findall(f"{_ATOM}entry")
        assert all(e.find(f"{_ATOM}link[@rel='alternate']") is not None for e in entries)
        assert len({text(e, "id") for e in entries}) == len(entries)
        if entries:
            assert of_it[0] == max(of_it[1:]), "a feed changed when its newest entry did"
        ids.add(text(feed, "id"))
    assert len(ids) == len(made)


def titles(feed: ElementTree.Element) -> list[str]:
    return [text(entry, "title") for entry in feed.findall(f"{_ATOM}entry")]


def test_a_line_has_a_feed_of_its_own_news_alone() -> None:
    made = feeds(every_kind())
    assert titles(made[f"feeds/{SET}/6.6-x86_64.xml"]) == [
        "turned green: 6.6.18 x86_64",
        "turned red: 6.6.12 x86_64",
    ]
    assert titles(made["feeds/other.xml"]) == []


def test_an_entry_has_one_name_in_all_feeds_and_for_ever() -> None:
    made = feeds(every_kind())
    whole = {text(e, "id") for e in made["feed.xml"].findall(f"{_ATOM}entry")}
    mine = {text(e, "id") for e in made[f"feeds/{SET}/6.6-x86_64.xml"].findall(f"{_ATOM}entry")}
    assert mine
    assert mine < whole
    later = feeds(site(*(record(f"6.6.{n}", Result.FAIL, why="hangs", started=NOON + n)
                         for n in range(12, 18)), now=NOON + 99 * DAY))  # fmt: skip
    [entry] = later[f"feeds/{SET}/6.6-x86_64.xml"].findall(f"{_ATOM}entry")
    assert text(entry, "id") in mine


def test_a_pass_more_is_no_news_and_no_other_feed() -> None:
    before = site(record("6.12.106"), now=NOON)
    after = site(record("6.12.106"), record("6.12.107", started=NOON + DAY), now=NOON + 2 * DAY)
    for name in ("feed.xml", f"feeds/{SET}.xml", f"feeds/{SET}/6.12-x86_64.xml"):
        assert before[name] == after[name]


def test_links_of_feeds_lead_somewhere_from_where_the_feed_stands() -> None:
    made = site_of(
        kernels_of([record("6.12.107", Result.FAIL)]), Material(config(), [], generated=NOON)
    )
    files = {page.address: page.make() for page in pages_of(made)}
    feed = ElementTree.fromstring(files[f"feeds/{SET}/6.12-x86_64.xml"])
    link = feed.find(f"{_ATOM}entry/{_ATOM}link")
    assert link is not None
    assert urljoin(f"feeds/{SET}/6.12-x86_64.xml", link.get("href")) in files
    assert feed.find(f"{_ATOM}link[@rel='self']") is None, "nobody knows where the site will be"


def badge(files: dict[str, bytes], name: str = f"{SET}/badges/6.12-x86_64.svg") -> tuple[str, bool]:
    """What a badge says, and whether it is green."""
    picture = ElementTree.fromstring(files[name])
    return (picture.get("aria-label") or "").partition(": ")[2], "#00704f" in files[name].decode()


FRESH = Outlook((Release("6.12.107", "6.12", seen=NOON, first_seen=NOON),), NOON)


@pytest.mark.parametrize(
    ("records", "outlook", "now", "says", "green"),
    [
        ([], UNSEEN, NOON, "… nothing known", False),
        ([record("6.12.107", Result.INFRA)], FRESH, NOON, "… nothing known", False),
        ([record("6.12.107")], FRESH, NOON, "✓ 6.12.107", True),
        ([record("6.12.107")], UNSEEN, NOON, "✓ 6.12.107 on 2026-11-25", False),
        ([record("6.12.107")], FRESH, NOON + 9 * DAY, "✓ 6.12.107 on 2026-11-25", False),
        ([record("6.12.107")], OUT, NOON, "✓ 6.12.107, 6.12.108 untested", False),
        ([record("6.12.107", Result.NO_REGRESSION)], FRESH, NOON, "≈ 6.12.107", False),
        (
            [record("6.12.105"), record("6.12.106", Result.FAIL), record("6.12.107", Result.FAIL)],
            FRESH, NOON, "✕ broken since 6.12.106", False,
        ),
        (
            [record("6.12.107", Result.FAIL), record("6.12.107", Result.INFRA, started=NOON + 9)],
            FRESH, NOON, "✕ broken since 6.12.107", False,
        ),
        (
            [record("6.12.107", Result.FAIL), record("6.12.107", started=NOON + 9)],
            FRESH, NOON, "↕ flaky on 6.12.107", False,
        ),
    ],
)  # fmt: skip
def test_a_lines_badge_is_never_better_than_what_is_known(
    records: list[Record], outlook: Outlook, now: float, says: str, green: bool
) -> None:
    made = site(*records, outlook=outlook, now=now, track=("6.12.*",))
    assert badge(made) == (says, green)


def test_a_sets_badge_is_green_only_while_somebody_looks() -> None:
    name = f"{SET}/badge.svg"
    today = site(record("6.12.107"), outlook=FRESH, now=NOON, track=("6.12.*",))
    assert badge(today, name) == ("✓ 1 of 1 kernels", True)
    later = site(record("6.12.107"), outlook=FRESH, now=NOON + 9 * DAY, track=("6.12.*",))
    assert badge(later, name) == ("✓ 1 of 1 kernels, not all of today", False)


def unfolded(data: bytes) -> list[str]:
    return data.decode("utf-8").replace("\r\n ", "").split("\r\n")


def test_the_calendar_is_what_rfc_5545_asks_for() -> None:
    data = every_kind()["calendar.ics"]
    assert data.endswith(b"\r\n")
    assert b"\n" not in data.replace(b"\r\n", b"")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")  # no character is torn apart
    lines = unfolded(data)
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert lines[-2:] == ["END:VCALENDAR", ""]
    assert not any(ord(c) < 32 for line in lines for c in line)
    events = "\n".join(lines).split("BEGIN:VEVENT\n")[1:]
    uids = []
    for event in events:
        names = [line.partition(":")[0] for line in event.splitlines()]
        for needed in ("UID", "DTSTAMP", "SUMMARY"):
            assert names.count(needed) == 1
        assert sum(name.startswith("DTSTART") for name in names) == 1
        uids.append(re.search(r"^UID:(\S+)$", event, re.M)[1])  # type: ignore[index]
    assert len(set(uids)) == len(uids)


def test_the_calendar_has_releases_on_their_days_and_verdicts() -> None:
    lines = "\n".join(unfolded(every_kind()["calendar.ics"]))
    assert (
        "DTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261125\nSUMMARY:Linux 6.12.108 is out"
        in lines
    )
    assert "SUMMARY:Linux 6.1.177 is out\nDESCRIPTION:longterm\\, the last of its series" in lines
    assert "7.2.7" not in lines, "nobody gave a day for it"
    assert f"SUMMARY:{SET}: 7.3-rc7 x86_64: fail" in lines
    assert f"URL:{BASE}{SET}/7.3-rc7-x86_64.html" in lines
    assert "\\;b\\,c" in lines


def test_texts_that_are_hostile_are_shown_and_do_nothing() -> None:
    for name, data in every_kind().items():
        if name.endswith((".xml", ".svg", ".ics", ".json")) and "/schema" not in name:
            decoded = data.decode("utf-8")
            assert "\x1b" not in decoded, name
            assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in decoded, name
            if name.endswith((".xml", ".svg")):
                assert "<script" not in decoded, name
