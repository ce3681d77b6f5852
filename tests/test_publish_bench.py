# SPDX-License-Identifier: GPL-2.0-only
"""The full benchmark on paper: well-formed, readable, and the same bytes for the same records."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from bench_fixtures import Guest
from ledger_fixtures import NOON, SET, delta, passing, record, samples
from publish_fixtures import config, patchset

from zpmaint.app.benchmarks import document, judged
from zpmaint.ledger.benchmarks import BenchRecord
from zpmaint.ledger.values import Record
from zpmaint.publish import plot
from zpmaint.publish.bench import Pair, trade_svg
from zpmaint.publish.facts import facts_of
from zpmaint.publish.kernels import Verified, lines_of, picture, table
from zpmaint.publish.site import Material, site_files
from zpmaint.publish.words import size


def pair(
    version: str = "6.12.107", *, alone: bool = False, huge: bool = True, allocates: int = 2300
) -> Pair:
    said = {"stock": Guest(alone, release=version).report(huge=huge)}
    if not alone:
        said["patched"] = Guest(True, release=version, allocates=allocates).report(huge=huge)
    asked = {"pattern": "*", "pages": [4096], "huge": huge, "runs": 1}
    images = dict.fromkeys(said, "i")
    kept = BenchRecord("k", version, "x86_64", SET, "tcg,icount", asked, images, alone, NOON, said)
    return kept, judged(kept)


def verified(records: list[Record]) -> list[Verified]:
    return [(one.version, one.arch, facts_of(one).passes) for one in records]


ALL = [pair("2.6.21", huge=False), pair("2.6.24", alone=True), pair()]


def words(svg: str) -> list[str]:
    """What stands in the picture; it has to be XML, and nothing may lie outside of it."""
    root = ElementTree.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for node in root.iter():
        for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
            assert -1 <= float(node.attrib.get(name, 0)) <= most, ElementTree.tostring(node)
        for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", node.attrib.get("d", "")):
            assert 0 <= float(x) <= width and 0 <= float(y) <= height
    return [node.text or "" for node in root.iter() if node.tag.endswith("text")]


def test_the_break_even_is_marked_where_it_is() -> None:
    svg = trade_svg(*pair())
    said = words(svg)
    assert said.count("58.5%") == 2 and said.count("64.5%") == 2  # base and huge pages
    assert "base pages, 16 MB, written pages spread evenly" in said
    assert "huge pages, 16 MB, written pages spread evenly" in said
    assert "prefers-color-scheme: dark" in svg
    # The mark of 58.5% stands at 58.5% of the axis.
    marks = [float(x) for x in re.findall(r'class="even" cx="([\d.]+)"', svg)]
    assert marks[0] == pytest.approx(62 + 330 * 0.58542, abs=0.2)
    assert trade_svg(*pair()) == svg


@pytest.mark.parametrize(
    ("one", "has"),
    [
        (pair(alone=True), "no break-even was measured"),
        (pair(allocates=9000), "patched, unmapped"),
        (pair(allocates=100), "0.0%"),
    ],
    ids=["alone", "never", "always"],
)
def test_a_pair_without_a_crossing_has_a_picture_too(one: Pair, has: str) -> None:
    said = words(trade_svg(*one))
    assert has in said
    assert one[1].trades == () or has == "0.0%" or not any(w.endswith(".5%") for w in said)


def test_all_kernels_side_by_side() -> None:
    svg = picture(lines_of(reversed(ALL)))
    said = words(svg)
    rows = [said.index(version) for version in ("2.6.21", "2.6.24", "6.12.107")]
    assert rows == sorted(rows)
    assert "no pair to compare" in said
    assert len(re.findall(r'class="even" cx=', svg)) == 3  # two kernels and the legend
    assert words(picture([])) != []


def test_the_table_has_a_row_for_each_kernel_newest_first() -> None:
    rows = table(lines_of(ALL)).splitlines()
    assert [row.split(" | ")[0] for row in rows[-3:]] == ["| 6.12.107", "| 2.6.24", "| 2.6.21"]
    assert len({row.count("|") for row in rows if row.startswith("|")}) == 1
    newest = rows[-3]
    assert "900 → 2,300" in newest and "58.5% / 64.5%" in newest and "2,400 → 5" in newest
    assert "| 2,300 |" in rows[-2]


def test_kernels_without_a_full_benchmark_stand_with_what_their_verification_measured() -> None:
    costs = [
        delta("instructions/page", 337.0, 1278.0, False, phase="read", unit="instructions/page"),
        delta("instructions/page", 1372.0, 5.0, False, phase="write", unit="instructions/page"),
        delta("VmRSS", 65536.0, 65536.0, False, phase="read", unit="kB"),
        delta("StatmAnon", 0.0, 16384.0, False, phase="read", unit="pages"),
        delta("MinorFaults", 16384.0, 16384.0, False, phase="fresh-write", unit="faults"),
    ]
    old = passing("2.6.20", costs)
    same = passing("6.12.107", costs)
    lines = lines_of([pair()], verified([same, old, record("6.18.1", verdict=None)]))
    assert [(one.version, one.full) for one in lines] == [("2.6.20", False), ("6.12.107", True)]
    first = lines[0]
    assert first.faults is not None and first.faults.share == pytest.approx(68.836, abs=1e-3)
    assert (first.held, first.rss) == ((0.0, 4.0), (4.0, 4.0))
    row = next(row for row in table(lines).splitlines() if row.startswith(r"| 2.6.20 \* |"))
    assert "| 337 → 1,278 | 1,372 → 5 |" in row and "| 68.8% | 0 → 4 / 4 → 4 |" in row
    assert "not in VmRSS" in words(picture(lines))
    assert words(picture(lines_of([], verified(samples())))) != []


def test_the_document_has_no_time_and_no_path() -> None:
    found = document(pair()[0])
    assert found["kernel"] == "6.12.107" and found["failures"] == ()
    later = BenchRecord(**(vars(pair()[0]) | {"finished": 9e9}))
    assert document(later) == found
    backwards = BenchRecord(
        **(vars(later) | {"asked": dict(reversed(later.asked.items())),
                          "images": dict(reversed(later.images.items()))})
    )  # fmt: skip
    assert str(document(backwards)) == str(found)


def test_the_site_shows_both_pictures() -> None:
    options = {"generated": NOON, "benchmarks": [pair()]}
    files = site_files([record("6.12.107")], Material(config(), [patchset()], **options))  # type: ignore[arg-type]
    assert words(files[f"{SET}/bench.svg"].decode())
    assert words(files[f"{SET}/6.12.107-x86_64-bench.svg"].decode())
    html = files[f"{SET}/6.12.107-x86_64.html"].decode()
    assert 'src="6.12.107-x86_64-bench.svg"' in html and "the patch pays from 58.5% on" in html
    # On the page of the set's costs, where it has declared any.
    assert b'src="bench.svg"' in files[f"{SET}/index.html"]


def test_without_a_benchmark_the_site_says_nothing_of_one() -> None:
    files = site_files([record("6.12.107")], Material(config(), [patchset()], generated=NOON))
    assert not any("bench" in name for name in files)
    assert b"Full benchmark" not in files[f"{SET}/6.12.107-x86_64.html"]


@pytest.mark.parametrize(
    ("most", "scale"),
    [
        (0, [0, 1]),
        (4.0, [0, 1, 2, 3, 4]),
        (2481, [0, 500, 1000, 1500, 2000, 2500]),
        (9, [0, 2, 4, 6, 8, 10]),
    ],
)
def test_scales_are_round_and_hold_all(most: float, scale: list[float]) -> None:
    assert plot.ticks(most) == pytest.approx(scale)


def test_sizes() -> None:
    assert [size(pages) for pages in (16, 256, 131072, 300)] == [
        "64 kB", "1 MB", "512 MB", "1200 kB",
    ]  # fmt: skip
