# SPDX-License-Identifier: GPL-2.0-only
"""The front page, the pages of sets and of lines: what each reader finds, and that they stay
small."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree

import pytest
from ledger_fixtures import NOON, SET, port, record
from publish_fixtures import config, patchset
from site_checks import broken_links, checked
from site_fixtures import NOW, big, every_config, every_outlook, every_site, every_state
from test_publish_site import text
from timeline_fixtures import HOUR

from zpmaint.core.result import Result
from zpmaint.publish import front, set_page
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.line_pages import ranges_of
from zpmaint.publish.line_view import views_of
from zpmaint.publish.site import Material, site_files, site_of

BASE = "https://example.org/kernels"


@cache
def site(base_url: str = "") -> dict[str, bytes]:
    return every_site(base_url)


def page(address: str) -> str:
    return text(site()[address].decode())


def test_every_kind_of_line_is_a_whole_page_and_no_link_is_broken() -> None:
    pages = checked(site(BASE))
    assert broken_links(pages, site(BASE), f"{BASE}/") == []
    lines = [name for name in pages if "/lines/" in name]
    assert len(lines) == 15


def test_a_user_finds_the_newest_good_kernel_and_its_patch() -> None:
    front = site()["index.html"].decode()
    assert f'<a href="{SET}/6.12.107-x86_64.html">6.12.107</a>' in front
    assert f'<a class="get" href="{SET}/6.6.11-x86_64.patch"' in front
    assert "6.6.17 ↑ 6 releases behind" in page("index.html")


def test_a_keeper_sees_what_broke_since_when_and_why_before_all_else() -> None:
    front = page("index.html")
    broken = (
        "✕ broken 6.6 since 6.6.12 (6 kernels); last good 6.6.11: "
        "patched: read.distinct: zero-page, expected private why"
    )
    assert broken in front
    order = [
        front.index(words)
        for words in ("Needs a look", broken, "± flaky 6.1 pass, fail, pass", "Kernel lines")
    ]
    assert order == sorted(order)
    assert "6.12.109 is out since 2026-11-25, and untested" in front


def test_who_has_to_trust_it_sees_what_it_rests_on() -> None:
    front = page("index.html")
    assert f"{len(every_state())} times" in front
    assert "Last looked for new kernels 2026-11-26 11:00 UTC, 1 hour ago" in front
    assert "How verdicts are made" in front


def looked(within: float | None, now: float) -> dict[str, bytes]:
    """The site of one kernel that was looked for at NOW, made then."""
    seen = replace(every_outlook(), looked=NOW, within=within)
    records = [record("6.12.1", Result.PASS)]
    return site_files(
        records, Material(config("6.12.*"), [patchset()], generated=now, outlook=seen)
    )


def test_a_page_says_by_when_somebody_looks_again_and_whether_nobody_did() -> None:
    files = looked(HOUR, NOW)
    front = files["index.html"].decode()
    assert "the next look is due by 2026-11-26 13:00 UTC" in text(front)
    assert '<p class="stopped" hidden data-from="2026-11-26T15:00:00Z">' in front
    assert '<script src="stopped.js" defer>' in front and files["stopped.js"]
    status = json.loads(files["status.json"])
    assert status["next_look"] == "2026-11-26T13:00:00Z"
    # Where nobody said when, three days are a long time, and no look is promised.
    front = looked(None, NOW)["index.html"].decode()
    assert "the next look is due" not in text(front)
    assert '<p class="stopped" hidden data-from="2026-11-29T12:00:00Z">' in front
    # What is over when the page is made needs no script.
    front = looked(HOUR, NOW + 4 * HOUR)["index.html"].decode()
    assert '<p class="stopped" data-from="2026-11-26T15:00:00Z">' in front
    assert "Somebody was to look for new kernels by 2026-11-26 13:00 UTC, and did not" in text(
        front
    )


@pytest.mark.parametrize("late", [False, True])
def test_that_a_page_is_no_longer_made_the_readers_browser_says(late: bool) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the page's script was not run")
    now = (NOW + 3 * HOUR + (1 if late else -1)) * 1000
    page = (
        "const told = {dataset: {from: '2026-11-26T15:00:00Z'}, hidden: true};"
        "globalThis.document = {querySelectorAll: (w) => w === '[data-from]' ? [told] : []};"
        f"Date.now = () => {now:.0f};"
    )
    said = subprocess.run(
        [node, "-e", f"{page}{looked(HOUR, NOW)['stopped.js'].decode()}console.log(told.hidden)"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert said.stdout == ("false\n" if late else "true\n")


def test_a_line_page_tells_its_history() -> None:
    seen = page(f"{SET}/lines/6.6-x86_64.html")
    assert "✕ broken 6.6.12 to 6.6.17 6 kernels" in seen
    assert "Last good: 6.6.11 ." in seen
    assert "✓ works 6.6.5 to 6.6.11 7 kernels" in seen
    # A try without a result hides nothing.
    assert "6.6.17 6.6.* ✕ fail" in seen
    picture = site()[f"{SET}/lines/6.6-x86_64.html"].decode()
    assert "13 kernels: works 6.6.5 to 6.6.11, broken 6.6.12 to 6.6.17" in picture


def test_a_mended_line_says_in_which_kernel() -> None:
    records = [
        record(f"6.12.{n}", result, why=f"found {n}", started=NOON + n)
        for n, result in enumerate([Result.PASS, Result.FAIL, Result.FAIL, Result.PASS], start=1)
    ]
    files = site_files(records, Material(config("6.12.*"), [patchset()], generated=NOW))
    seen = text(files[f"{SET}/lines/6.12-x86_64.html"].decode())
    assert "broken 6.12.2 to 6.12.3 2 kernels" in seen
    assert "Good again from 6.12.4 on." in seen


def test_a_withdrawn_kernel_is_said_to_be() -> None:
    assert "6.17.14 was withdrawn" in page(f"{SET}/lines/6.17-x86_64.html")
    assert "6.17.13 older than the newest good" in page("index.html")


def test_the_patches_of_a_series_are_rows_of_the_sets_page() -> None:
    members = [
        {"name": "0001-add", "fate": "applies", "confidence": 1.0, "why": "as it is"},
        {"name": "0002-use", "fate": "conflict", "confidence": 0.0, "why": "no rule settles it"},
    ]
    made = record("6.12.1", Result.CONFLICT, port=port("6.12.1") | {"members": members})
    files = site_files([made], Material(config("6.12.*"), [patchset()], generated=NOW))
    seen = text(files[f"{SET}/index.html"].decode())
    assert "1 0001-add applies 100 % as it is 2 0002-use ✕ conflict 0 % no rule settles it" in seen


def test_every_page_says_what_it_is_about_and_where_it_stands() -> None:
    files = site(BASE)
    described = {}
    for name in ("index.html", f"{SET}/index.html", f"{SET}/lines/6.6-x86_64.html"):
        html = files[name].decode()
        assert f'<link rel="canonical" href="{BASE}/{name}">' in html
        assert 'rel="icon"' in html
        described[html.split('<meta name="description" content="')[1].split('"')[0]] = name
    assert len(described) == 3
    assert all(len(words) > 40 for words in described)


def test_the_sitemap_has_every_page_where_the_address_is_known() -> None:
    root = ElementTree.fromstring(site(BASE)["sitemap.xml"])
    found = {loc.text for loc in root.iter("{http://www.sitemaps.org/schemas/sitemap/0.9}loc")}
    assert f"{BASE}/{SET}/lines/6.6-x86_64.html" in found
    assert len(found) == sum(name.endswith(".html") for name in site(BASE))
    assert "sitemap.xml" not in site()


def test_robots_may_look_at_all_and_are_told_where_the_pages_are_listed() -> None:
    assert site()["robots.txt"] == b"User-agent: *\nDisallow:\n"
    assert site(BASE)["robots.txt"].splitlines()[-1] == f"Sitemap: {BASE}/sitemap.xml".encode()


def test_a_page_is_reached_without_a_pointer() -> None:
    for name, data in site().items():
        if name.endswith(".html"):
            html = data.decode()
            assert '<a class="skip" href="#main">' in html, name
            assert "tabindex" not in html.replace('tabindex="0"', ""), name
    style = site()["style.css"].decode()
    assert ":focus-visible" in style
    assert "outline: none" not in style


def test_many_sets_are_a_list() -> None:
    records = [record("6.12.1", patchset=f"set-{n}", key=str(n)) for n in range(30)]
    files = site_files(records, Material(config("6.12.*"), [patchset()], generated=NOW))
    index = checked(files)["index.html"]
    assert {f"set-{n}/index.html" for n in range(30)} <= set(index.links)
    assert index.elements < 1_000


@pytest.mark.parametrize(("series", "kernels", "tracked"), [(60, 34, 60), (400, 5, 12)])
def test_the_front_page_stays_small(series: int, kernels: int, tracked: int) -> None:
    tables, records = big(series, kernels, tracked)
    made = site_of(kernels_of(records), Material(tables, [patchset()], generated=NOW))

    index = next(p for p in front.pages(made) if p.address == "index.html").make()
    found = checked({"index.html": index})["index.html"]
    assert found.elements <= 3_000
    assert len(gzip.compress(index)) <= 200_000
    seen = text(index.decode())
    assert f"{series - 84} more lines" in seen if series > 84 else "more lines" not in seen
    assert "more to look at" in seen
    [whole] = [p.make() for p in set_page.pages(made)]
    links = checked({f"{SET}/index.html": whole})[f"{SET}/index.html"].links
    assert len({link for link in links if "/lines/" in link}) == series


def test_kernels_of_a_long_line_are_on_pages_that_stay() -> None:
    def ranges(kernels: int) -> tuple[list[tuple[str, int]], int]:
        tables, records = big(1, kernels, 1)
        made = site_of(kernels_of(records), Material(tables, [patchset()], generated=NOW))
        [part] = made.sets[0].parts
        [view] = views_of(part.shown)
        found = ranges_of(view)
        assert sum(len(part.rows) for part in found) <= len(view.rows)
        return [(part.words, len(part.rows)) for part in found], len(view.rows)

    assert ranges(150) == ([], 150)
    assert ranges(250) == ([("4.0.1 to 4.0.100", 100)], 250)
    before, _ = ranges(399)
    assert before == [("4.0.101 to 4.0.200", 100), ("4.0.1 to 4.0.100", 100)]
    after, _ = ranges(400)
    assert after[1:] == before


def test_all_kernels_of_a_long_line_are_reached() -> None:
    tables, records = big(1, 250, 1)
    files = site_files(records, Material(tables, [patchset()], generated=NOW))
    pages = checked(files)
    assert broken_links(pages, files) == []
    mine = [name for name in pages if "/lines/" in name]
    assert sorted(mine) == [f"{SET}/lines/4.0-x86_64.html", f"{SET}/lines/4.0-x86_64/1.html"]
    links = {link.split("/")[-1] for name in mine for link in pages[name].links}
    assert {f"4.0.{n}-x86_64.html" for n in range(1, 251)} <= links


def test_a_line_that_was_never_tried_has_a_page() -> None:
    assert "No kernel of this line was tried yet" in page(f"{SET}/lines/6.18-x86_64.html")
    assert every_config().kernel  # what is tracked is all there
