# SPDX-License-Identifier: GPL-2.0-only
"""Pages that a set declares: claims as they were made, beside what the ledger holds."""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from ledger_fixtures import NOON, SET
from publish_fixtures import config, patchset
from test_publish_bench import pair
from test_timeline_costs import measured

from zpmaint.core.eras import Era
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record
from zpmaint.patchset.claims import Claim, ClaimPage, Measure
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.answers import MOST, Answer, Told, answered, merged, told_of
from zpmaint.publish.bench import Pair
from zpmaint.publish.site import Material, site_files
from zpmaint.timeline.costs import INSTRUCTIONS, Costs, costs_of

FOLDER = Path(__file__).parent.parent / "patches" / SET
READ = Measure(
    says="reads",
    command="zpmaint verify VERSION",
    unit="instructions per page",
    counter=INSTRUCTIONS,
    phase="read",
)
HUGE = Measure(
    says="huge",
    command="zpmaint bench VERSION --thp",
    unit="kB per page",
    pattern="read",
    step="read",
    huge=True,
    of="memory",
)


def claim(*measures: Measure, **more: str) -> Claim:
    said = {
        "about": "a", "quote": "q", "by": "b", "date": "2007-10-16", "source": "s",
        "url": "https://example.org/", "unmeasured": "", "reading": "", **more,
    }  # fmt: skip
    return Claim(**said, measures=measures)


def answer(measure: Measure, costs: list[Costs], benchmarks: tuple[Pair, ...] = ()) -> Answer:
    [one] = answered([claim(measure)], told_of([measure], costs), benchmarks, "")
    return one.answers[0]


def costs(*versions: str) -> list[Costs]:
    found = [costs_of(measured(version, 900.0 + n)) for n, version in enumerate(versions)]
    return [one for one in found if one]


def files(*records: Record, info: PatchSet, benchmarks: tuple[Pair, ...] = ()) -> dict[str, str]:
    made = site_files(records, Material(config(), [info], generated=NOON, benchmarks=benchmarks))
    return {name: data.decode("utf-8", "replace") for name, data in made.items()}


def page_of(*records: Record, benchmarks: tuple[Pair, ...] = ()) -> str:
    found = files(*records, info=load_patchset(FOLDER), benchmarks=benchmarks)
    return found[f"{SET}/numbers-of-2007.html"]


def texts(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_the_newest_kernel_of_each_series_answers() -> None:
    found = answer(READ, costs("6.1.9", "6.12.2", "6.12.10", "not a kernel"))
    assert [(one.version, one.stock, one.patched) for one in found.found] == [
        ("6.12.10", "902", "2,400"), ("6.1.9", "900", "2,400"),
    ]  # fmt: skip
    assert found.command == "zpmaint verify 6.12.10"


def test_of_many_series_the_newest_are_shown_and_the_others_counted() -> None:
    found = answer(READ, costs(*(f"6.{n}.1" for n in range(20))))
    assert [one.version for one in found.found][:2] == ["6.19.1", "6.18.1"]
    assert (len(found.found), found.more) == (MOST, 20 - MOST)


def test_what_parts_say_is_what_all_kernels_say() -> None:
    measures = [READ, replace(READ, era=Era(until=KernelVersion.parse("6.2"))), HUGE]
    newest, oldest = costs("6.12.2", "6.12.10", "6.11.1"), costs("6.1.9", "2.6.23", "none")
    parts = [told_of(measures, newest), told_of(measures, oldest)]
    again = [[Told.kept(json.loads(json.dumps(t.as_json()))) for t in part] for part in parts]
    assert merged(again) == told_of(measures, [*oldest, *newest])


def test_a_measure_asks_the_kernels_of_its_range_alone() -> None:
    old = replace(READ, era=Era(until=KernelVersion.parse("2.6.24-rc1")))
    assert [one.version for one in answer(old, costs("2.6.23", "2.6.24")).found] == ["2.6.23"]


def test_what_was_not_measured_is_not_there_and_the_command_is() -> None:
    found = answer(HUGE, costs("6.12.2"))
    assert found.found == ()
    assert found.command == "zpmaint bench 6.12.2 --thp"
    assert answer(HUGE, []).command == "zpmaint bench VERSION --thp"


def test_the_full_benchmark_answers_with_its_size() -> None:
    found = answer(HUGE, [], (pair(),))
    [one] = found.found
    assert one.version == "6.12.107" and one.note == "16 MB"
    assert (one.stock, one.patched) != ("", "")
    per_page = answer(replace(HUGE, of="cost", huge=False), [], (pair(),))
    assert per_page.found[0].stock and per_page.found[0].patched


def test_commands_name_architecture_and_set_where_they_have_to() -> None:
    told = told_of([READ], [replace(costs("6.1.1")[0], arch="i386")])
    [one] = answered([claim(READ)], told, [], "other")
    assert one.answers[0].command == "zpmaint verify 6.1.1 --arch i386 --patch other"


def test_the_page_has_every_claim_word_for_word_with_its_source() -> None:
    [declared] = load_patchset(FOLDER).pages
    page = page_of(measured("6.12.107", 917.0, 2356.0))
    quotes = [
        html.unescape(q) for q in re.findall(r"<blockquote[^>]*>(.*?)</blockquote>", page, re.S)
    ]
    assert quotes == [one.quote for one in declared.claims]
    assert len(quotes) >= 8
    for one in declared.claims:
        assert f'href="{one.url}"' in page
    # Figures are the ledger's.
    text = texts(page)
    assert "6.12.107 917 2,356" in text
    assert "Measured by zpmaint verify 6.12.107" in text


def test_what_nothing_measured_is_said_to_be_not_measured() -> None:
    text = texts(page_of(measured("6.12.107", 917.0)))
    assert "What the process holds per page that was read, with huge pages: not measured" in text
    assert "What measures it: zpmaint bench 6.12.107 --thp" in text
    assert "Not measured here: ft.A of the NAS parallel benchmarks" in text
    with_bench = texts(page_of(measured("6.12.107", 917.0), benchmarks=(pair(),)))
    assert "with huge pages: not measured" not in with_bench


def test_no_figure_is_declared() -> None:
    for one in load_patchset(FOLDER).pages[0].claims:
        for measure in one.measures:
            assert not re.search(r"\d{3,}", measure.says.replace("64 MiB", ""))


@pytest.mark.parametrize("commit", ["557ed1fa2620", "a13ea5b75964"])
@pytest.mark.mirror
def test_the_quotes_of_commits_are_in_their_messages(commit: str, kernel_git: Path) -> None:
    show = ["git", "-C", str(kernel_git), "show", "-s", "--format=%an%n%ad%n%B", "--date=short"]
    message = subprocess.run([*show, commit], capture_output=True, text=True, check=True).stdout
    mine = [c for c in load_patchset(FOLDER).pages[0].claims if commit in c.source]
    assert mine
    for one in mine:
        assert one.quote in message
        assert one.by in message and one.date in message


def test_a_set_without_pages_has_none_and_a_hostile_one_is_text() -> None:
    bare = files(measured("6.12.1", 1.0), info=patchset())
    assert not [name for name in bare if "numbers" in name]
    hostile = ClaimPage(
        "p", "<script>alert(1)</script>", "\x1b[31m", (claim(quote="</blockquote><img src=x>"),)
    )
    page = files(measured("6.12.1", 1.0), info=replace(patchset(), pages=(hostile,)))[
        f"{SET}/p.html"
    ]
    assert "<script" not in page and "<img" not in page and "\x1b" not in page
