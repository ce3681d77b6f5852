# SPDX-License-Identifier: GPL-2.0-only
"""The costs over kernels: lines, changes, the figures as a table, at any number of kernels."""

from __future__ import annotations

import csv
import io
import json
import random
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from growth import assert_grows_like_its_input
from ledger_fixtures import NOON, SET, delta, passing, record
from publish_fixtures import config, patchset
from test_timeline_costs import measured

from zpmaint.core.releases import UNSEEN
from zpmaint.core.result import Result
from zpmaint.ledger.values import Record
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.panels import Column, Panel
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.columns import cell_of
from zpmaint.publish.costs_of_set import SetCosts, changes_of
from zpmaint.publish.costs_page import ALL_KERNELS, CSV_HEAD, LISTED, CostsPage, as_csv, page_of
from zpmaint.publish.figures import Figures, figures_of, joined
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.line_chart import HEIGHT, Chart, charts_of
from zpmaint.publish.site import Material, site_files
from zpmaint.publish.thinning import Point, thinned
from zpmaint.publish.timelines import timelines_of
from zpmaint.timeline.cost_changes import CostChange, sequences_of
from zpmaint.timeline.costs import BREAK_EVEN, INSTRUCTIONS, Conditions, CostFigure, Costs, costs_of
from zpmaint.timeline.costs_text import read, told
from zpmaint.timeline.transitions import transitions_of
from zpmaint.timeline.values import TransitionKind

READ = Panel("read", "Reads", (INSTRUCTIONS,), "read", "instructions per page", "m", 0.05)
ON = Conditions(arch="x86_64", memory="1024")


def cost(
    version: str, stock: float | None, patched: float | None, on: Conditions = ON, arch: str = ""
) -> Costs:
    figure = CostFigure(INSTRUCTIONS, "read", INSTRUCTIONS, stock, patched, exact=True)
    return Costs(version, arch or "x86_64", SET, NOON, on, (figure,))


def chart(*costs: Costs, panel: Panel = READ, **marks: int) -> Chart:
    [found] = charts_of(
        panel, figures_of([panel], costs), {(v, "x86_64"): n for v, n in marks.items()}
    )
    return found


def drawn_page(costs: list[Costs]) -> CostsPage:
    changes = changes_of([READ], sequences_of(costs))
    return page_of([READ], figures_of([READ], costs), {}, changes)


def shipped() -> PatchSet:
    return load_patchset(Path(__file__).parent.parent / "patches" / SET)


# --- fewer points, and no extreme lost ---------------------------------------------------------


def test_thinning_keeps_every_extreme_and_both_ends() -> None:
    made = random.Random(3)
    points: list[Point] = [(float(n), made.gauss(1000, 5)) for n in range(5000)]
    points[1234] = (1234.0, 9000.0)
    points[4321] = (4321.0, 1.0)
    few = thinned(points, 150)
    assert len(few) <= 600
    assert {points[0], points[-1], points[1234], points[4321]} <= set(few)
    assert few == sorted(few)
    for low in range(0, 5000, 500):  # of every tenth part the lowest and the highest
        part = [up for _, up in points[low : low + 500]]
        kept = [up for x, up in few if low <= x < low + 500]
        assert min(kept) == min(part) and max(kept) == max(part)


def test_a_short_line_is_left_as_it_is() -> None:
    points: list[Point] = [(0.0, 1.0), (1.0, 2.0)]
    assert thinned(points, 150) == points
    assert thinned([], 150) == []


# --- the chart ---------------------------------------------------------------------------------


def test_stock_and_patched_are_lines_from_the_oldest_kernel_to_the_newest() -> None:
    found = chart(cost("6.12.2", 900, 2400), cost("6.1.9", 800, 2000), cost("6.12.10", 950, 2500))
    assert [trace.side for trace in found.traces] == ["patched", "stock"]
    assert [tick.says for tick in found.ticks] == ["6.1", "6.12"]
    assert [dot.says for dot in found.dots if dot.side == "stock"] == [
        "6.1.9, stock: 800", "6.12.2, stock: 900", "6.12.10, stock: 950",
    ]  # fmt: skip
    across = [dot.x for dot in found.dots if dot.side == "stock"]
    assert across == sorted(across) and 0 < across[0] < across[-1] < 100
    low, high = (next(d.y for d in found.dots if d.says == f"6.1.9, {s}") for s in
                 ("stock: 800", "patched: 2,000"))  # fmt: skip
    assert 0 < high < low < HEIGHT
    assert "patched from 2,000 (6.1.9) to 2,500 (6.12.10), newest 2,500" in found.says


def test_figures_that_were_taken_otherwise_are_not_joined() -> None:
    other = replace(ON, memory="256")
    found = chart(cost("2.6.21", 1, 2, other), cost("2.6.23", 1, 2, other), cost("6.1.1", 1, 2))
    for trace in found.traces:
        assert trace.path.count("M") == 1 and trace.path.count("L") == 1
    assert len(found.dots) == 6


def test_each_architecture_has_a_chart_and_one_kernel_is_enough() -> None:
    i386 = replace(ON, arch="i386")
    found = charts_of(
        READ, figures_of([READ], [cost("6.1.1", 1, 2), cost("6.1.1", 3, 4, i386, "i386")]), {}
    )
    assert [(one.name, one.arch, one.kernels) for one in found] == [
        ("read-i386", "i386", 1), ("read-x86_64", "x86_64", 1),
    ]  # fmt: skip
    assert all(0 < dot.x < 100 for one in found for dot in one.dots)


def test_a_kernel_that_has_no_patched_one_leaves_a_gap_in_that_line_alone() -> None:
    found = chart(
        cost("2.6.21", 340, 1300),
        cost("2.6.23", 340, 1300),
        cost("2.6.24", 1320, None),
        cost("2.6.32", 290, 1400),
    )
    lines = {t.side: (t.path.count("M"), t.path.count("L")) for t in found.traces}
    assert lines == {"stock": (1, 3), "patched": (1, 1)}
    assert "2.6.32, patched: 1,400" in [dot.says for dot in found.dots]


@pytest.mark.parametrize(
    "figures", [[0.0, 0.0], [-5.0, 3.0], [-9.0, -4.0], [1e-3, 2e-3], [1e12, 2e12], [7.0]]
)
def test_any_figures_are_within_the_drawing(figures: list[float]) -> None:
    found = chart(*(cost(f"6.1.{n}", one, one) for n, one in enumerate(figures, 1)))
    heights = [dot.y for dot in found.dots] + [level.y for level in found.levels]
    assert all(0 <= one <= HEIGHT for one in heights)
    assert len({level.y for level in found.levels}) == len(found.levels) >= 2


def test_what_is_no_kernel_and_units_that_are_converted() -> None:
    panel = replace(READ, counters=("RssAnon", "VmRSS"), unit="MiB")
    figure = CostFigure("VmRSS", "read", "kB", 0, 65536, exact=True)
    found = chart(replace(cost("<b>6", 1, 1), figures=(figure,)), panel=panel)
    assert [dot.says for dot in found.dots] == ["<b>6, stock: 0", "<b>6, patched: 64"]


def test_marks_that_stand_close_are_one_and_all_lines_are_there() -> None:
    kernels = [cost(f"6.1.{n}", 1, 2) for n in range(1, 101)]
    found = chart(*kernels, **{"6.1.50": 3, "6.1.51": 2, "6.1.90": 1})
    assert len(found.changes) == 3
    assert [mark.says for mark in found.marks] == ["2\N{EN DASH}3", "1"]


def test_five_thousand_kernels_are_few_elements_and_drawn_in_their_share_of_time() -> None:
    made = random.Random(5)
    costs = [
        cost(f"{a}.{b}.{c}", 900 + made.random(), 2400 + made.random())
        for a in range(3, 8) for b in range(20) for c in range(1, 51)
    ]  # fmt: skip
    spike = next(n for n, one in enumerate(costs) if one.version == "5.7.33")
    costs[spike] = cost("5.7.33", 900, 9999)

    def drawn(some: list[Costs]) -> None:
        drawn_page(some)

    assert_grows_like_its_input(lambda: drawn(costs[::4]), lambda: drawn(costs))
    page = drawn_page(costs)
    [part] = page.parts
    [found] = part.charts
    assert found.kernels == 5000 and not found.dots
    assert sum(trace.path.count(" ") for trace in found.traces) <= 2 * 4 * 150 + 2
    assert "9,999 (5.7.33)" in found.says
    assert len([tick for tick in found.ticks if tick.says]) <= 8
    assert {turn.version for turn in page.turns} == {"5.7.33", "5.7.34"}
    assert page.by_series and len(page.lines) == 100


def test_figures_of_parts_are_those_of_all_kernels() -> None:
    other = replace(ON, memory="256")
    oldest = [cost("2.6.21", 1, 2, other), cost("2.6.23", None, None, other)]
    middle = [cost("6.1.1", 3, None), cost("6.1.2", None, 4, arch="i386")]
    newest = [cost("6.12.1", 5, 6), replace(cost("6.12.2", 1, 1), figures=())]
    share = replace(READ, name="share", counters=(BREAK_EVEN,), unit="%")
    never = CostFigure(BREAK_EVEN, "read", "%", None, None, exact=True, word="never")
    some = CostFigure(BREAK_EVEN, "read", "%", None, 7.5, exact=True)
    middle[0] = replace(middle[0], figures=(*middle[0].figures, never))
    newest[0] = replace(newest[0], figures=(*newest[0].figures, some))
    panels = [READ, share, replace(READ, name="none", counters=("Latency",))]
    parts = [figures_of(panels, part) for part in (oldest, middle, newest)]
    whole = figures_of(panels, [*newest, *middle, *oldest])
    again = (Figures.kept(json.loads(json.dumps(one.as_json()))) for one in parts)
    assert joined(again) == whole
    assert "".join(as_csv(panels, one) for one in parts) == as_csv(panels, whole)
    assert whole.words == {"share": {2: "never"}} and set(whole.panels) == {"read", "share"}
    changes = changes_of(panels, sequences_of([*oldest, *middle, *newest]))
    assert page_of(panels, joined(parts), {}, changes) == page_of(panels, whole, {}, changes)


def test_of_very_many_changes_the_newest_are_listed_and_marked_and_the_others_counted() -> None:
    kernels = [cost(f"6.1.{n}", 900 if n % 2 else 1800, 2400) for n in range(1, LISTED + 52)]
    page = drawn_page(kernels)
    assert (len(page.turns), page.left_out) == (LISTED, 50)
    assert page.turns[0].version == f"6.1.{LISTED + 51}"
    assert len(page.parts[0].charts[0].changes) == LISTED
    records = [measured(f"6.12.{n}", 900.0 * (1 + n % 2)) for n in (1, 2, 3)]
    assert "still older ones" not in files(*records)[f"{SET}/costs.html"]


# --- the page ----------------------------------------------------------------------------------


def files(*records: Record, info: PatchSet | None = None) -> dict[str, str]:
    made = site_files(records, Material(config(), [info or shipped()], generated=NOON))
    return {name: data.decode("utf-8", "replace") for name, data in made.items()}


def test_forty_per_cent_more_instructions_are_marked_on_the_page() -> None:
    page = files(
        measured("6.12.105", 900.0, 2400.0),
        measured("6.12.106", 900.0, 2400.0),
        measured("6.12.107", 900.0, 3360.0),
    )[f"{SET}/costs.html"]
    listed = re.sub(r"<[^>]+>|\s+", " ", page.partition('<ol class="changes">')[2])
    listed = " ".join(listed.split())
    assert listed.startswith("6.12.107 against 6.12.106 Instructions for each page that is read")
    assert "patched +40.0 % (2,400 to 3,360)" in listed
    assert 'href="6.12.107-x86_64.html"' in page
    drawing = page.partition('id="read"')[2].partition("</figure>")[0]
    assert drawing.count('<line class="change"') == 1
    assert re.search(r'<text class="number"[^>]*>1</text>', drawing)
    assert "changes at 6.12.107" in drawing


def test_the_change_is_in_status_json_and_in_the_feeds() -> None:
    found = files(measured("6.12.106", 900.0, 2400.0), measured("6.12.107", 900.0, 3360.0))
    [one] = json.loads(found["status.json"])["patchsets"]
    [line] = [line for line in one["lines"] if line["cost_changes"]]
    told = json.dumps(line["cost_changes"])
    assert "6.12.106" in told and "6.12.107" in told and "3360" in told and "2400" in told
    for name in ("feed.xml", f"feeds/{SET}.xml", f"feeds/{SET}/6.12-x86_64.xml"):
        assert "+40.0 %" in found[name], name
    page = found[f"{SET}/lines/6.12-x86_64.html"]
    assert "+40.0 %" in page and "6.12.107" in page


def test_a_move_within_the_bound_is_not_marked() -> None:
    page = files(measured("6.12.1", 900.0, 2400.0), measured("6.12.2", 910.0, 2450.0))
    assert "no figure moved beyond its bound" in page[f"{SET}/costs.html"]
    assert '<line class="change"' not in page[f"{SET}/costs.html"]


def test_the_change_is_news_of_the_line() -> None:
    kernels = kernels_of(
        [measured("6.12.106", 900.0, 2400.0), measured("6.12.107", 900.0, 3360.0),
         measured("6.6.1", 900.0, 2400.0)]
    )  # fmt: skip
    changes = {SET: SetCosts(shipped(), tuple(kernels)).changes}
    lines = timelines_of(kernels, config(), UNSEEN, NOON + 9e5, changes)[SET]
    changed = {line.series: line.cost_changes for line in lines if line.cost_changes}
    assert list(changed) == ["6.12"]
    read_change = next(c for c in changed["6.12"] if c.phase == "read")
    assert isinstance(read_change, CostChange) and read_change.words == "+40.0 %"
    news = [n for n in transitions_of(lines) if n.kind is TransitionKind.COST_CHANGED]
    assert {(n.version, n.before) for n in news} == {("6.12.107", "6.12.106")}
    # Without declared panels nothing is watched.
    changes = {SET: SetCosts(patchset(), tuple(kernels)).changes}
    bare = timelines_of(kernels, config(), UNSEEN, NOON + 9e5, changes)[SET]
    assert not any(line.cost_changes for line in bare)


def test_a_set_without_panels_has_no_page_of_costs() -> None:
    found = files(measured("6.12.1", 900.0), info=patchset())
    assert not [name for name in found if name.startswith(SET) and "costs" in name]


def test_a_set_whose_panels_name_what_nobody_measured() -> None:
    info = replace(patchset(), panels=(replace(READ, counters=("Latency",)),))
    page = files(measured("6.12.1", 900.0), info=info)[f"{SET}/costs.html"]
    assert "Nothing that this set's panels name was measured yet." in page
    assert "<svg" not in page and "VmRSS" not in page


def test_hostile_names_are_text_on_the_page_and_no_formula_in_the_table() -> None:
    rate = {"unit": INSTRUCTIONS}
    name = "=cmd|'/c calc'!A1<script>\x1b[31m"
    found = files(passing(name, [delta(INSTRUCTIONS, 1, 2, False, **rate)]))
    assert "<script" not in found[f"{SET}/costs.html"] and "\x1b" not in found[f"{SET}/costs.html"]
    rows = list(csv.reader(io.StringIO(found[f"{SET}/costs.csv"])))
    assert rows[1][0].startswith("'=cmd")


def test_the_drawings_are_sound_and_take_no_style_of_their_own() -> None:
    page = files(*(measured(f"6.12.{n}", 900.0 + n) for n in range(1, 9)))[f"{SET}/costs.html"]
    drawings = re.findall(r'<svg class="drawing".*?</svg>\s*(?=<p class="legend">)', page, re.S)
    assert len(drawings) >= 3
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img" and root.get("aria-label")
    assert " style=" not in page and "<script" not in page


def test_the_table_has_every_kernel_or_of_many_every_series() -> None:
    few = drawn_page([cost(f"6.1.{n}", 1, 2) for n in range(1, ALL_KERNELS + 1)])
    assert len(few.lines) == ALL_KERNELS and not few.by_series
    many = drawn_page([cost(f"6.{n % 3}.{n}", n, 2) for n in range(1, ALL_KERNELS + 2)])
    assert [line.name for line in many.lines] == [
        "6.2.2 \N{EN DASH} 6.2.200", "6.1.1 \N{EN DASH} 6.1.199", "6.0.3 \N{EN DASH} 6.0.201",
    ]  # fmt: skip
    [[stock, _]] = many.lines[0].cells
    assert stock and (stock.low, stock.high) == (2, 200)


def test_all_figures_are_in_the_file_for_spreadsheets() -> None:
    figures = figures_of([READ], [cost("6.2", 1.5, None), cost("6.1", 1, 2)])
    rows = list(csv.DictReader(io.StringIO(CSV_HEAD + as_csv([READ], figures))))
    assert [(r["kernel"], r["stock"], r["patched"]) for r in rows] == [
        ("6.1", "1", "2"), ("6.2", "1.5", ""),
    ]  # fmt: skip
    assert "memory: 1024 MiB" in rows[0]["taken on"]


# --- figures as text ---------------------------------------------------------------------------


def test_costs_as_text_are_read_as_they_were() -> None:
    costs = costs_of(measured("6.12.1", 917.1947631835938, inputs={"tools": "a\tb\nc"}))
    assert costs
    again = read(
        told(costs), version="6.12.1", arch="x86_64", patchset=SET, finished=costs.finished
    )
    assert again.figures == costs.figures
    assert again.on == replace(costs.on, tools="a b c")
    one = read(
        told(costs), version="", arch="", patchset="", finished=0, wanted={("VmRSS", "read")}
    )
    assert [figure.name for figure in one.figures] == [("VmRSS", "read")]


def test_a_kernel_without_figures_is_on_no_chart() -> None:
    found = files(measured("6.12.1", 900.0), record("6.12.2", Result.CONFLICT))
    assert "6.12.2" not in found[f"{SET}/costs.csv"]


# --- columns in the table of kernels -----------------------------------------------------------

MEMORY = Column("Memory", ("VmRSS", "AnonPages"), "read", "MiB", "difference", True, "VmRSS")


def cell(column: Column, *figures: CostFigure) -> tuple[str, str, str, str] | None:
    found = cell_of(column, Costs("6.1", "x86_64", SET, NOON, ON, figures))
    return found and (found.before, found.shown, found.note, found.silent)


def kb(counter: str, stock: float, patched: float | None, telling: bool) -> CostFigure:
    return CostFigure(counter, "read", "kB", stock, patched, exact=True, telling=telling)


def test_a_column_shows_the_first_counter_that_tells_and_says_which_misleads() -> None:
    modern = (kb("VmRSS", 0, 65536, True), kb("AnonPages", 0, 65540, True))
    old = (kb("VmRSS", 65612, 65616, False), kb("AnonPages", 20, 65560, True))
    assert cell(MEMORY, *modern) == ("", "+64.0 MiB", "VmRSS", "")
    assert cell(MEMORY, *old) == ("", "+64.0 MiB", "AnonPages", "VmRSS")
    assert cell(MEMORY, kb("VmRSS", 65536, None, True)) == ("", "64.0 MiB", "VmRSS, stock", "")
    assert cell(MEMORY, kb("VmRSS", 1, 2, False)) is None
    assert cell(MEMORY) is None
    both = replace(MEMORY, counters=("VmRSS",), show="both", telling=False, silent="", unit="kB")
    assert cell(both, kb("VmRSS", 900, 2400.5, False)) == ("900", "2,400", "", "")


def test_a_table_has_the_columns_that_its_set_declares_and_no_others() -> None:
    with_columns = files(measured("6.12.1", 917.0, 2356.0))[f"{SET}/index.html"]
    assert ">Memory, read pass</th>" in with_columns and "+64.0 MiB" in with_columns
    assert "917" in with_columns and "2,356" in with_columns
    bare = replace(patchset("A driver"), columns=(), telling=(), intent="i", leaves=())
    plain = files(measured("6.12.1", 917.0, 2356.0), info=bare)
    for name in (f"{SET}/index.html", "index.html"):
        shown = re.sub(r'href="[^"]*"|<code>no-anon-zero-page</code>', "", plain[name])
        assert not re.search(r"memory|RSS|AnonPages|instruction|MiB", shown, re.I), name


def test_the_sets_page_has_the_first_charts_and_leads_to_all() -> None:
    found = files(
        measured("6.12.106", 900.0, 2400.0), measured("6.12.107", 900.0, 3360.0)
    )  # fmt: skip
    page = found[f"{SET}/index.html"]
    assert page.count('<svg class="drawing"') == 2
    assert 'href="costs.html"' in page and "1 kernel from which on something costs" in page
    assert 'href="numbers-of-2007.html"' in page
