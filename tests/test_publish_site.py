# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, unquote
from xml.etree import ElementTree

import pytest
from ledger_fixtures import (
    NOON,
    PATCH,
    SET,
    boot,
    case,
    delta,
    hunk,
    kernel,
    modern_deltas,
    passing,
    port,
    record,
    samples,
)
from publish_fixtures import config, patchset
from site_checks import broken_links, checked, without_own_scripts

from zpmaint.core.provenance import Proof, Provenance
from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.plan import pages_of
from zpmaint.publish.site import Material, site_files, site_of

_ATOM = "{http://www.w3.org/2005/Atom}"


def files(*records: Record, **more: object) -> dict[str, bytes]:
    options = {"generated": NOON} | more
    return site_files(records or samples(), Material(config(), [patchset()], **options))  # type: ignore[arg-type]


def page(name: str, *records: Record) -> str:
    return files(*records)[f"{SET}/{name}-x86_64.html"].decode()


def text(html: str) -> str:
    """What a reader sees."""
    words: list[str] = []
    parser = HTMLParser()
    parser.handle_data = words.append  # type: ignore[method-assign]
    parser.feed(html)
    return " ".join(" ".join(words).split())


HOSTILE = (
    "</pre><script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
    "&amp;{{ 7*7 }}\x1b[31m\x00\udcff"
)


def hostile() -> list[Record]:
    """Every text a console, a compiler or a patch could smuggle in."""
    h = HOSTILE
    broken = case(h, True)
    broken["stock"] |= {"observed": h, "detail": h, "mark": "fail"}
    words = {"tail": h, "complaints": [h], "why": h, "outcome": h, "command": [h]}
    stock = kernel("6.12.1", "x86_64", "stock", 1.0)
    found = {"compiled": "not compiled", "why": h, "symbols": [h]}
    evidence = {
        "profile": h,
        "files": [{**found, "path": h, "patch": h, "objects": [h], "hunks": [
            {**found, "header": h},
        ]}],
    }  # fmt: skip
    made = passing(
        "6.12.1" + h,
        [],
        arch="x86_64" + h,
        why=h,
        port=port("6.12.1", "ported", hunk(h, h, 0.5, h), conflict=h)
        | {"patch": h, "why": h, "members": [{"name": h, "fate": h, "why": h}]},
        runs={"stock": boot(), "patched": boot() | words},
        build={
            "stock": stock | {"toolchain": h, "fixups": [h], "profile": h},
            "patched": stock,
            "evidence": evidence,
        },
        verdict={
            "passed": True,
            "why": h,
            "cases": [broken, case("ok", False) | {"suite": h}],
            "deltas": [delta(h, 0, 4, True, note=h), delta("VmRSS", 1, 2, False, note=h)],
            "failures": [h],
        },
    )
    return [made, record("6.1.2", Result.FAIL, why=h, patchset=h)]


@pytest.mark.parametrize("records", [samples(), hostile()], ids=["samples", "hostile"])
def test_pages_are_well_formed_and_all_links_resolve(records: list[Record]) -> None:
    site = files(*records)
    pages = checked(site)
    assert len(pages) > 2
    assert broken_links(pages, site) == []


def test_hostile_text_stays_text() -> None:
    site = files(*hostile())
    plain = {name: without_own_scripts(data) for name, data in site.items()}
    for name, check in checked(plain).items():
        if not name.startswith("docs/"):
            assert not check.tags & {"script", "iframe", "object"}
        assert set(check.pictures) <= {quote(name) for name in site if name.endswith(".svg")}
    for name, data in site.items():
        assert ".." not in Path(name).parts
        if name.endswith((".html", ".xml", ".svg")):
            assert b"<script" not in without_own_scripts(data), name
            assert b"\x1b" not in data and b"\x00" not in data, name
        if name.endswith((".xml", ".svg")):
            ElementTree.fromstring(data)
    json.loads(site["status.json"])
    seen = text(site[next(n for n in site if n.endswith(".html") and "/" in n)].decode())
    assert "alert(1)" in seen, "it is shown, not swallowed"
    assert "{{ 7*7 }}" in seen


def test_no_page_asks_for_anything_from_elsewhere() -> None:
    for name, data in files().items():
        if name.endswith((".html", ".css")):
            loaded = re.findall(rb'(?:src|@import|url\()\s*=?["\']?\s*(?:https?:)?//', data)
            assert not loaded, name
            assert b"<script" not in without_own_scripts(data), name


def test_the_same_ledger_gives_the_same_bytes() -> None:
    assert files(*samples()) == files(*reversed(samples()))
    assert files(generated=NOON)["index.html"] != files(generated=NOON + 60)["index.html"]


def test_a_page_of_one_kernel_does_not_change_by_the_time_of_day() -> None:
    before, after = files(generated=NOON), files(generated=NOON + 60)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"index.html", "status.json"}


def test_what_a_page_is_made_of_is_the_same_for_the_same_ledger_and_another_for_another() -> None:
    def inputs(records: list[Record], generated: float = NOON) -> dict[str, str | bytes | None]:
        site = site_of(kernels_of(records), Material(config(), [patchset()], generated=generated))
        return {page.address: page.inputs for page in pages_of(site)}

    one = inputs(samples())
    assert one == inputs(list(reversed(samples())), NOON + 60)
    more = passing("6.12.107", modern_deltas(900, 2400, 2200, 2300), finished=NOON + 9e5)
    other = inputs([*samples(), replace(more, key="another", turn=NOON + 9e5)])
    assert {name for name in one if one[name] != other[name]} == {
        f"{SET}/6.12.107-x86_64.html",
        f"{SET}/badges/6.12-x86_64.svg",  # when it worked, as nobody looked since
        "calendar.ics",
        f"{SET}/6.12.107-x86_64.intoto.json",  # another verdict on the same patch
        f"{SET}/files/6.12.html",
        f"{SET}/files/6.12.json",
        "SHA256SUMS",
        f"{SET}/index.html",
        f"{SET}/lines/6.12-x86_64.html",
        f"{SET}/works/6.12.js",
        "works.html",
        f"{SET}/6.12.107-x86_64/run.js",
        "compare-runs.js",  # it has a former run now
        f"{SET}/6.12.107-x86_64/with-predecessor.html",
        f"{SET}/6.18.15-x86_64/with-predecessor.html",  # of which it is the next older kernel
        f"{SET}/7.2.6-x86_64/with-predecessor.html",
    }


def test_the_index_says_how_each_kernel_stands() -> None:
    front = text(files()["index.html"].decode())
    assert "4 of 9 tracked kernel lines hold on the newest kernel with a result" in front
    assert "✕ broken 7.x since 7.3-rc7 (that kernel alone); last good 7.2.6" in front
    seen = text(files()[f"{SET}/index.html"].decode())
    assert "8.* … pending never verified" in seen
    assert "6.18.15 6.18.* ○ no result (infrastructure)" in seen
    assert "7.3-rc7 7.* ✕ fail regression since 7.2.6" in seen
    assert "6.1.176 6.1.* ✓ pass last try: no result" in seen
    assert "5.10.262 5.10.* ≠ conflict" in seen
    assert "2.6.23 ✕ build failed" in seen
    assert "+64.0 MiB AnonPages VmRSS silent" in seen
    assert "853 → 2,110" in seen
    assert "upstream has it" in seen


def test_a_patch_that_does_not_pass_is_not_offered_on_the_index() -> None:
    links = checked(files())["index.html"].links
    assert f"{SET}/6.12.107-x86_64.patch" in links
    assert f"{SET}/7.3-rc7-x86_64.patch" not in links
    assert "not good: see above" in text(page("7.3-rc7"))


def test_a_kernels_page_tells_the_whole_story() -> None:
    seen = text(page("7.3-rc7"))
    for part in (
        "patched: hang after 120 s in case anon-read-zero",
        "What speaks against it",
        "do_huge_pmd_anonymous_page",
        "found by its scope",
        "71 %",
        "zpmaint verify 7.3-rc7",
        "lost: no result , expected own-page",
        "RIP: 0010:do_anonymous_page+0x1f2/0x640",
        "rcu_sched self-detected stall",
    ):
        assert part in seen, part
    assert '<details class="more" open><summary>The console' in page("7.3-rc7")
    assert "<<<<<<< 5.10.262" in text(page("5.10.262"))
    assert "mixed-rules" in text(page("2.6.21"))


def test_who_vouches_for_the_kernel_stands_on_its_page() -> None:
    good = Proof("sha256sums.asc", "B8" * 20, "An <autosigner>", NOON)
    for proven, words in (
        (
            Provenance("kernel.org", "sha256:ab", (good,), checked=NOON),
            "Source kernel.org : verified 2026-11-25: sha256sums.asc signed 2026-11-25 by "
            f"An <autosigner>, key {'B8' * 20}",
        ),
        (Provenance("tree:/x", why="a folder"), "Source tree:/x : unverified : a folder"),
        (None, "Source not known who vouches for it"),
    ):
        (one,) = (r for r in samples() if r.version == "6.12.107")
        assert one.port is not None
        made = replace(one, port=replace(one.port, provenance=proven))
        assert words in text(page("6.12.107", made))
        document = json.loads(files(made)["status.json"])
        rows = {row["version"]: row for row in document["patchsets"][0]["kernels"]}
        told = rows["6.12.107"]["source"]
        assert told is None if proven is None else told["verified"] is bool(proven.proofs)


def test_the_rss_trap_is_explained_where_it_is_set() -> None:
    trapped, plain = text(page("2.6.21")), text(page("6.12.107"))
    assert "VmRSS does not tell here. The mapped zero page is counted in file_rss" in trapped
    assert "VmRSS does not tell here" not in plain
    assert "The zero page is not counted" in plain


def test_no_result_is_never_shown_as_a_failure() -> None:
    only = page("6.18.15")
    assert "says nothing about this kernel" in text(only)
    assert "badge bad" not in only
    assert "The last try, 2026-11-25 12:11 UTC, gave no result" in text(page("6.1.176"))


def test_another_architecture_is_named_in_the_command() -> None:
    site = files(passing("6.1.1", [], arch="i386"))
    assert "zpmaint verify 6.1.1 --arch i386" in text(site[f"{SET}/6.1.1-i386.html"].decode())


def test_the_patch_file_is_a_mail_with_the_ports_diff_byte_for_byte() -> None:
    whole, diff = files()[f"{SET}/6.12.107-x86_64.patch"], PATCH[PATCH.index("--- a/") :].encode()
    assert whole.startswith(b"From 0000000000000000000000000000000000000000 ")
    assert whole.endswith(b"\n---\n" + diff)
    odd = b"From: M\xfcller\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\xe9\n+\xff\n"
    made = port("6.1.1") | {"patch": odd.decode("utf-8", "surrogateescape")}
    site = files(passing("6.1.1", [], port=made))
    assert site[f"{SET}/6.1.1-x86_64.patch"].endswith(b"\n---\n" + odd.partition(b"\n")[2])
    checked(site)


def test_older_records_that_lack_a_document_are_still_shown() -> None:
    bare = record("6.1.1", port={}, build={}, runs={}, verdict={})
    partial = record(
        "6.1.2", runs={"stock": {"outcome": "finished"}}, build={"stock": {"seconds": 3}}
    )
    checked(files(bare, partial))


def test_an_empty_ledger_is_a_page_of_pending_kernels() -> None:
    site = site_files([], Material(config(), [patchset()], generated=NOON))
    assert "0 of 9 tracked kernel lines hold" in text(site["index.html"].decode())
    assert "… 0 of 9 kernels" in site[f"{SET}/badge.svg"].decode()
    ElementTree.fromstring(site["feed.xml"])
    checked(site)


def test_status_json_has_the_documented_shape() -> None:
    document = json.loads(files()["status.json"])
    assert {"schema", "generator", "generated", "patchsets"} < set(document)
    assert document["schema"] == 2
    assert document["generated"] == "2026-11-25T12:00:00Z"
    (one,) = document["patchsets"]
    assert set(one) > {
        "name",
        "title",
        "tracked",
        "passing",
        "no_regression",
        "newest_good",
        "kernels",
    }
    assert (one["tracked"], one["passing"]) == (9, 4)
    none, some = type(None), dict
    shape: dict[str, tuple[type, ...]] = {
        "version": (str,),
        "arch": (str,),
        "standing": (str,),
        "tracked_as": (str, none),
        "state": (str,),
        "good": (bool,),
        "why": (str, none),
        "verified": (str, none),
        "change": (str, none),
        "compared_with": (str, none),
        "retried": (str, none),
        "port": (some, none),
        "source": (some, none),
        "compiled": (some, none),
        "shown_by": (list, none),
        "suite": (some, none),
        "suites": (list,),
        "memory": (some, none),
        "rss_telling": (bool, none),
        "instructions_per_page": (some, none),
        "page": (str, none),
        "patch": (str, none),
    }
    for row in one["kernels"]:
        assert set(row) > set(shape), "all that version 1 had"
        for name, types in shape.items():
            assert isinstance(row[name], types), (row["version"], name)
        assert row["state"] in {
            "pass", "fail", "conflict", "build-failed", "infrastructure", "pending",
        }  # fmt: skip
        for link in (row["page"], row["patch"]):
            assert link is None or unquote(link) in files()
    by_version = {k["version"]: k for k in one["kernels"]}
    assert by_version["2.6.21"]["rss_telling"] is False
    assert by_version["6.12.107"]["memory"] == {
        "counter": "VmRSS", "unit": "kB", "stock": 0, "patched": 65_536,
    }  # fmt: skip
    assert by_version["7.3-rc7"]["suite"] == {"passed": 0, "skipped": 0, "failed": 16}
    assert by_version["6.1.176"]["retried"] == "2026-11-25T12:11:52Z"
    assert {"tracked_as": "7.*", "arch": "x86_64", "version": "7.2.6"} in one["newest_good"]


def test_the_feed_has_what_became_otherwise_and_nothing_else() -> None:
    feed = ElementTree.fromstring(files(base_url="https://example.org/zp/")["feed.xml"])
    entries = feed.findall(f"{_ATOM}entry")
    assert [e.findtext(f"{_ATOM}title") for e in entries] == [
        "turned red: 7.3-rc7 x86_64",
        "turned red: 2.6.23 x86_64",
        "turned red: 5.10.262 x86_64",
    ]
    ids = [e.findtext(f"{_ATOM}id") for e in entries]
    assert len(set(ids)) == len(ids)
    times = [e.findtext(f"{_ATOM}updated") or "" for e in entries]
    assert times == sorted(times, reverse=True)
    link = entries[0].find(f"{_ATOM}link")
    assert link is not None
    assert link.get("href") == f"https://example.org/zp/{SET}/7.3-rc7-x86_64.html"
    again = ElementTree.fromstring(files(generated=NOON + 9)["feed.xml"])
    assert [e.findtext(f"{_ATOM}id") for e in again.findall(f"{_ATOM}entry")] == ids


def test_the_badge_counts_the_tracked_kernels() -> None:
    badge = ElementTree.fromstring(files()[f"{SET}/badge.svg"])
    assert badge.get("aria-label") == f"{SET}: ✕ 4 of 9 kernels"
    good = site_files([record("6.1.1")], Material(config("6.1.*"), [], generated=NOON))[
        f"{SET}/badge.svg"
    ]
    assert "✓ 1 of 1 kernels" in good.decode()


def test_the_command_to_do_it_again_names_a_set_that_is_not_the_default() -> None:
    one = passing("6.12.107", modern_deltas(900, 2400, 2200, 2300))
    other = replace(one, patchset="other-set")
    files = site_files([one, other], Material(config(), [], generated=NOON))
    default = files[f"{SET}/6.12.107-x86_64.html"].decode()
    assert f"zpmaint verify 6.12.107 --arch x86_64 --patch {SET}" in default
    page = files["other-set/6.12.107-x86_64.html"].decode()
    assert "zpmaint verify 6.12.107 --arch x86_64 --patch other-set" in page


_WITH_SCRIPTS = ("index.html", "works.html", "compare.html")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
)


def test_every_page_allows_its_own_style_and_pictures_and_nothing_else() -> None:
    class Seen(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.said: dict[str, str | None] = {}
            self.first = ""

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = dict(attrs)
            # What the policy forbids would not work, and is not there.
            assert tag not in ("script", "style", "iframe", "object", "base", "form"), tag
            assert "style" not in named, attrs
            if tag == "meta":
                name = str(named.get("http-equiv") or named.get("name") or "charset")
                self.said[name] = named.get("content")
            elif tag == "link":
                self.first = self.first or "link"
                assert self.said["Content-Security-Policy"], "the policy stands above what it is on"

    pages = {name: data for name, data in files().items() if name.endswith(".html")}
    assert len(pages) > 2
    for name, data in pages.items():
        seen = Seen()
        seen.feed(without_own_scripts(data).decode())
        scripts = " script-src 'self';" if name in _WITH_SCRIPTS else ""
        policy = _POLICY.replace(" img-src", f"{scripts} img-src")
        assert seen.said["Content-Security-Policy"] == policy, name
        assert seen.said["referrer"] == "no-referrer", name


@pytest.mark.parametrize(
    "odd", ["\x1b]0;x\x07", "\x9b31m", "\u202egnp", "\u2066", "\udcff", "\x00"]
)
def test_what_a_guest_says_is_shown_and_not_acted_on(odd: str) -> None:
    said = replace(samples()[0], why=f"the console ends: {odd}")
    for name, data in files(said).items():
        if name.endswith(".xz"):
            continue  # holds patches alone, packed
        text = data.decode()
        assert odd not in text, name
        if name.endswith((".xml", ".svg")):
            ElementTree.fromstring(text)
        if name.endswith(".json"):
            json.loads(text)
