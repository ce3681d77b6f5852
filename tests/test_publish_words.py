# SPDX-License-Identifier: GPL-2.0-only
"""The words of a verdict on page, badge, feed, status.json and in tables: told apart everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from ledger_fixtures import (
    NOON,
    SET,
    boot,
    case,
    hunk,
    kernel,
    modern_deltas,
    passing,
    port,
    record,
)
from publish_fixtures import config, patchset
from rich.console import Console

from zpmaint.cli import tables
from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.result import Result, Tone, worst
from zpmaint.ledger.values import Record
from zpmaint.publish.kernel import kernels_of
from zpmaint.publish.looks import FLAKY, LOOKS, PENDING
from zpmaint.publish.markdown import document
from zpmaint.publish.rows import newest_good, rows_of
from zpmaint.publish.site import Material, site_files

HUNKS = (
    {"header": "@@ -1 +1 @@", "compiled": "kernel", "why": "fs/namei.o"},
    {
        "header": "@@ -9 +9 @@",
        "compiled": "not compiled",
        "why": "#ifdef CONFIG_X",
        "symbols": ["X"],
    },
)


def judged(version: str, result: Result, **more: Any) -> Record:
    """A record of a set that measures nothing."""
    cases = [case("boot.up", False) | {"suite": "boot"}, case("read.zero", False)]
    made = {
        "port": port(version),
        "build": {"stock": kernel(version, "x86_64", "stock", 1.0),
                  "patched": kernel(version, "x86_64", "patched", 1.0)},
        "runs": {"stock": boot(), "patched": boot()},
        "verdict": {"result": str(result), "cases": cases, "why": "2 cases as on stock"},
        "why": "2 cases as on stock",
    }  # fmt: skip
    return record(version, result, **(made | more))


def evidence(*hunks: dict[str, Any]) -> dict[str, Any]:
    whole = all(hunk["compiled"] != "not compiled" for hunk in hunks)
    file = {"path": "fs/namei.c", "compiled": "kernel" if whole else "not compiled", "why": "",
            "objects": ["fs/namei.o"], "changed": True, "hunks": hunks}  # fmt: skip
    return {"files": [file], "profile": "modern"}


INDEX = f"{SET}/index.html"


LOOKED = Outlook((Release("6.12.1", "6.12", seen=NOON, first_seen=NOON),), NOON)
"""Somebody looked just now: of 6.12 nothing newer is out."""


def site(
    *records: Record, track: tuple[str, ...] = ("6.12.*",), outlook: Outlook = UNSEEN
) -> dict[str, str]:
    files = site_files(
        records, Material(config(*track), [patchset()], generated=NOON, outlook=outlook)
    )
    return {name: data.decode() for name, data in files.items() if not name.endswith(".xz")}


def text(page: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", re.sub("(?s)<title>.*?</title>", "", page)).split())


def test_every_word_has_a_look_of_its_own() -> None:
    assert set(LOOKS) == {*map(str, Result), FLAKY, PENDING}
    assert len({look.words for look in LOOKS.values()}) == len(LOOKS)
    green = {word for word, look in LOOKS.items() if look.tone is Tone.GOOD}
    assert green == {"pass"}
    assert len({look.colour for look in LOOKS.values()}) == len(Tone)


@pytest.mark.parametrize(
    ("result", "badge", "colour", "kind"),
    [
        (Result.PASS, "✓ 1 of 1 kernels", "#00704f", "good"),
        (Result.NO_REGRESSION, "≈ no regression on 1 kernels", "#20638f", "good"),
        (Result.NOT_COMPILED, "✕ 0 of 1 kernels", "#b34400", "bad"),
        (Result.FAIL, "✕ 0 of 1 kernels", "#b34400", "bad"),
        (Result.INFRA, "… 0 of 1 kernels", "#5c6570", "open"),
        (Result.INDETERMINATE, "… 0 of 1 kernels", "#5c6570", "open"),
    ],
)
def test_page_badge_feed_and_status_tell_the_words_apart(
    result: Result, badge: str, colour: str, kind: str
) -> None:
    files = site(judged("6.12.1", result), outlook=LOOKED)
    drawn = ElementTree.fromstring(files[f"{SET}/badge.svg"])
    assert drawn.get("aria-label") == f"{SET}: {badge}"
    assert colour in files[f"{SET}/badge.svg"]
    look = LOOKS[str(result)]
    assert f"6.12.1 6.12.* {look.sign} {look.words}" in text(files[INDEX])
    assert f'data-kind="{kind}"' in files[INDEX]
    (state,) = json.loads(files["status.json"])["patchsets"][0]["kernels"]
    assert (state["state"], state["good"]) == (str(result), result.is_good)
    is_news = result.settles and not result.is_good
    assert ("turned red: 6.12.1 x86_64" in files["feed.xml"]) is is_news
    assert (f"{result}: 2 cases as on stock" in files["feed.xml"]) is is_news
    patch = f"{SET}/6.12.1-x86_64.patch"
    for page, link in (("index.html", patch), (INDEX, f"../{patch}")):
        assert (f'href="{link}"' in files[page]) is result.is_good


def test_a_badge_of_passes_and_untested_ones_is_not_green() -> None:
    files = site(
        judged("6.12.1", Result.PASS), judged("6.1.1", Result.NO_REGRESSION),
        track=("6.12.*", "6.1.*"),
    )  # fmt: skip
    assert "no regression on 2 kernels" in files[f"{SET}/badge.svg"]
    assert "#00704f" not in files[f"{SET}/badge.svg"]
    seen = text(files["index.html"])
    assert "2 of 2 tracked kernel lines hold" in seen
    assert "works, not watched 1" in seen
    assert "effect untested, not watched 1" in seen
    assert 'class="badge good"' not in files["index.html"]  # nobody looks for newer kernels


def test_the_newest_good_kernel_is_one_that_the_patch_holds_on() -> None:
    rows = rows_of(
        config("6.12.*"),
        kernels_of([judged("6.12.1", Result.NO_REGRESSION), judged("6.12.2", Result.NOT_COMPILED)]),
        SET,
    )
    assert [row and row.version for _, _, row in newest_good(rows)] == ["6.12.1"]


def test_a_kernels_page_says_what_was_not_shown() -> None:
    untested = text(site(judged("6.12.1", Result.NO_REGRESSION))[f"{SET}/6.12.1-x86_64.html"])
    assert "No case shows what the patch is meant to change" in untested
    assert "Effect shown by nothing" in untested
    shown = passing("6.12.1", [])
    page = text(site(shown)[f"{SET}/6.12.1-x86_64.html"])
    assert "Effect shown by 2: anon-read-distinct-pfns , anon-read-then-write-faults" in page
    missing = text(site(judged("6.12.1", Result.NOT_COMPILED))[f"{SET}/6.12.1-x86_64.html"])
    assert "A part of the change is in no object" in missing
    assert "not good: see above" in missing


def test_a_kernels_page_tells_per_hunk_what_was_compiled() -> None:
    build = {"stock": kernel("6.12.1", "x86_64", "stock", 1.0), "patched": None}
    placed = port("6.12.1", "ported", *(hunk() | {"header": one["header"]} for one in HUNKS))
    placed["files"][0]["path"] = "fs/namei.c"
    made = judged(
        "6.12.1", Result.NOT_COMPILED, port=placed, build=build | {"evidence": evidence(*HUNKS)}
    )
    files = site(made)
    seen = text(files[f"{SET}/6.12.1-x86_64.html"])
    assert "1 of 1 files are not wholly in an object that was built" in seen
    assert re.search(r"@@ -1 \+1 @@ do_anonymous_page [^@]* ✓ kernel fs/namei.o", seen)
    assert re.search(
        r"@@ -9 \+9 @@ [^@]* ∅ not compiled #ifdef CONFIG_X would build it: CONFIG_X", seen
    )
    assert "fs/namei.o , which differs from stock" in seen
    assert "1 of 1 files not compiled" in text(files[INDEX])
    (state,) = json.loads(files["status.json"])["patchsets"][0]["kernels"]
    assert state["compiled"]["whole"] is False
    assert (state["compiled"]["hunks"], state["compiled"]["not_compiled"]) == (2, 1)
    whole = judged("6.12.1", Result.PASS, build=build | {"evidence": evidence(HUNKS[0])})
    assert "all 1 hunks compiled" in text(site(whole)[INDEX])
    unknown = site(judged("6.12.1", Result.PASS))
    said = text(unknown[f"{SET}/6.12.1-x86_64.html"])
    assert "What of it was compiled is not known." in said
    assert said.count("compiled") == 1
    assert json.loads(unknown["status.json"])["patchsets"][0]["kernels"][0]["compiled"] is None


def test_a_kernels_page_tells_what_was_switched_on_for_the_patch() -> None:
    build = {"stock": kernel("6.12.1", "x86_64", "stock", 1.0), "patched": None}
    plain = judged("6.12.1", Result.PASS, build=build | {"evidence": evidence(HUNKS[0])})
    files = site(plain)
    assert "Switched on" not in text(files[f"{SET}/6.12.1-x86_64.html"])
    (state,) = json.loads(files["status.json"])["patchsets"][0]["kernels"]
    assert state["configuration"] == []
    rows = {
        "switched": [
            {"symbol": "CARD", "value": "y", "why": "drivers/card.c"},
            {"symbol": "BUS", "value": "y", "why": "for CARD"},
        ],
        "stays_off": [{"what": "X", "asked": "x.c", "why": "is switched off by mine.config"}],
    }
    seen = evidence(HUNKS[0]) | {"derived": rows}
    files = site(judged("6.12.1", Result.PASS, build=build | {"evidence": seen}))
    page = text(files[f"{SET}/6.12.1-x86_64.html"])
    assert (
        "Switched on for the patch, on both kernels: "
        "CARD=y (drivers/card.c) , BUS=y (for CARD) ." in page
    )
    assert "Stays off: X (for x.c: is switched off by mine.config) ." in page
    (state,) = json.loads(files["status.json"])["patchsets"][0]["kernels"]
    assert state["configuration"] == rows["switched"]


def test_what_was_compiled_is_told_of_files_that_the_port_does_not_name() -> None:
    build = {"stock": kernel("6.12.1", "x86_64", "stock", 1.0), "patched": None}
    made = judged("6.12.1", Result.NOT_COMPILED, build=build | {"evidence": evidence(*HUNKS)})
    seen = text(site(made)[f"{SET}/6.12.1-x86_64.html"])
    unplaced = "&ndash; not on record &ndash; &ndash;"
    assert f"@@ -1 +1 @@ {unplaced} ✓ kernel fs/namei.o" in seen
    assert f"@@ -9 +9 @@ {unplaced} ∅ not compiled #ifdef CONFIG_X would build it" in seen


def test_a_kernels_page_tells_per_hunk_what_ran() -> None:
    build = {"stock": kernel("6.12.1", "x86_64", "stock", 1.0), "patched": None}
    placed = port("6.12.1", "ported", hunk() | {"header": "@@ -1 +1 @@"})
    placed["files"][0]["path"] = "fs/namei.c"
    lines = [
        {"number": 7, "cases": 2, "named": ["cow", "read.zero"]},
        {"number": 8, "elsewhere": True},
        {"number": 9},
    ]
    ran = {"header": "@@ -1 +1 @@", "lines": lines, "cases": 2}
    seen = {"files": [{"path": "fs/namei.c", "hunks": [ran]}], "cases": 3, "idle": ["boot.up"],
            "seconds": 2.04}  # fmt: skip
    verdict = {"result": "pass", "why": "", "executed": seen}
    made = judged(
        "6.12.1",
        Result.PASS,
        port=placed,
        build=build | {"evidence": evidence(HUNKS[0])},
        verdict=verdict,
    )
    page = text(site(made)[f"{SET}/6.12.1-x86_64.html"])
    assert "fs/namei.o 2 of 3 lines ran ; never: 9, in 2 cases" in page
    assert "In the guest: executed 2 of 3 changed lines; never: fs/namei.c:9." in page
    assert "Seen in 2.0 s of boots of their own, with 3 cases, of which 1 run nothing of it" in page
    assert "shown by the cases alone" not in page
    few = judged(
        "6.12.1", Result.NOT_EXECUTED, port=placed, verdict=verdict | {"result": "not executed"}
    )
    page = text(site(few)[f"{SET}/6.12.1-x86_64.html"])
    assert (
        "Less of the change ran in the guest than its patch set asks for: executed 2 of 3" in page
    )
    assert "Too little is shown on 6.12.1 (x86_64)" in page


def test_cases_are_grouped_by_suite() -> None:
    files = site(judged("6.12.1", Result.NO_REGRESSION))
    seen = text(files[f"{SET}/6.12.1-x86_64.html"])
    assert "Suite boot 1 of 1 pass." in seen
    assert "Suite fault-path 1 of 1 pass." in seen
    assert "marked ⇄" not in seen, "no case of it flips"
    (state,) = json.loads(files["status.json"])["patchsets"][0]["kernels"]
    assert [one["name"] for one in state["suites"]] == ["boot", "fault-path"]


def test_the_patches_of_a_series_are_rows() -> None:
    members = [
        {"name": "0001-add", "fate": "applies", "why": "as it is"},
        {"name": "0002-use", "fate": "conflict", "why": "no rule settles it", "confidence": 0.0},
    ]
    made = judged("6.12.1", Result.CONFLICT, port=port("6.12.1") | {"members": members})
    seen = text(site(made)[f"{SET}/6.12.1-x86_64.html"])
    assert "The series: 2 patches" in seen
    assert "0001-add applies 100 % as it is 0002-use conflict 0 % no rule settles it" in seen


def test_memory_is_a_column_of_the_sets_that_measure_it() -> None:
    plain = site(judged("6.12.1", Result.NO_REGRESSION))
    for name in ("index.html", INDEX, f"{SET}/6.12.1-x86_64.html"):
        for word in ("Memory", "Instr./page", "VmRSS", "What it costs"):
            assert word not in re.sub("(?s)<h2>Which counter tells.*", "", plain[name]), word
    columns = re.search('(?s)class="matrix".*?</thead>', plain[INDEX])
    assert columns
    assert len(re.findall("<th ", columns[0])) == 8
    measured = site(passing("6.12.1", modern_deltas(900, 2400, 2200, 2300)))[INDEX]
    assert "Memory, read pass" in measured


def test_markdown_has_no_column_that_is_empty() -> None:
    made = document(config(), [judged("6.12.1", Result.NO_REGRESSION)], patchset())
    assert "| kernel | arch | port | cases | result |" in made
    assert "VmRSS" not in made
    assert "no regression: 2 cases as on stock |" in made
    assert "1 kernels: 1 no regression." in made


def test_a_page_of_several_sets_lists_them() -> None:
    sets = [judged("6.12.1", Result.PASS), judged("6.12.1", Result.NO_REGRESSION, patchset="bore")]
    page = site(*sets)["index.html"]
    assert '<a href="bore/index.html">bore</a>' in page
    assert page.count('class="set"') == 2
    assert "Patch sets" not in site(sets[0])["index.html"]


def test_tables_colour_the_words_apart() -> None:
    assert tables.state(Result.PASS).style == "green"
    assert tables.state(Result.NO_REGRESSION).style == "cyan"
    assert tables.state(Result.NOT_COMPILED).style == "red"


def test_a_table_of_results_reads_summaries(tmp_path: Path) -> None:
    out = Console(record=True, width=140, file=(tmp_path / "out").open("w"))
    tables.records(out, [judged("6.12.1", Result.NO_REGRESSION).summary])
    shown = out.export_text()
    assert "no regression" in shown
    assert "4/4" in shown


@pytest.mark.parametrize(
    ("results", "status"),
    [
        ([], 0),
        ([Result.PASS, Result.NO_REGRESSION], 0),
        ([Result.PASS, Result.NOT_COMPILED], 1),
        ([Result.INFRA, Result.PASS], 3),
        ([Result.INDETERMINATE, Result.PASS], 3),
        ([Result.INDETERMINATE, Result.FAIL], 1),
        ([Result.INFRA, Result.FAIL], 1),
    ],
)
def test_the_exit_status_is_the_worst(results: list[Result], status: int) -> None:
    assert worst(result.exit_status for result in results) == status


def test_a_shown_record_names_the_patches_of_a_series_and_every_suites_boots(
    tmp_path: Path,
) -> None:
    out = Console(record=True, width=140, file=(tmp_path / "out").open("w"))
    members = [{"name": "0001-add", "fate": "applies", "why": "as it is", "confidence": 1.0}]
    more = {"stock": boot("hang", why="no end"), "patched": None}
    runs = {"stock": boot(), "patched": boot(), "suites": {"ltp": more}}
    made = judged("6.1.1", Result.FAIL, port=port("6.1.1") | {"members": members}, runs=runs)
    tables.record(out, made)
    shown = out.export_text()
    assert re.search(r"0001-add +applies +1\.00 +as it is", shown)
    assert "  stock: finished in 3.40 s" in shown
    assert "  ltp: stock: hang in 3.40 s (tcg,icount): no end" in shown
    assert shown.count("console: /var/lib/zpmaint/console") == 3
    page = text(site(made, track=("6.1.*",))[f"{SET}/6.1.1-x86_64.html"])
    assert "suite ltp : hang 3.4 s no end" in page
