# SPDX-License-Identifier: GPL-2.0-only
"""Two runs side by side: what is compared, what is said to be unknown, and the script beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ledger_fixtures import NOON, SET, case, delta, kernel, modern_deltas, passing, samples
from publish_fixtures import config, patchset
from site_checks import broken_links, checked

from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.logs import LogStore
from zpmaint.ledger.stages import CaseRecord, DeltaRecord
from zpmaint.ledger.told import CircumstancesRecord
from zpmaint.ledger.values import Record
from zpmaint.publish.compare import document
from zpmaint.publish.comparison import compare
from zpmaint.publish.rendering import TEMPLATES
from zpmaint.publish.site import Material, site_files
from zpmaint.publish.texts import KeptTexts

SCRIPT = TEMPLATES / "compare.js"
HERE = f"{SET}/6.12.107-x86_64"


def run(version: str = "6.12.107", **of: Any) -> Record:
    return passing(version, modern_deltas(1, 2, 3, 4), **of)


def with_cases(*rows: dict[str, Any]) -> Record:
    made = run()
    assert made.verdict
    cases = tuple(codec.from_json(CaseRecord, row) for row in rows)
    return replace(made, verdict=replace(made.verdict, cases=cases))


def test_cases_that_did_not_end_the_same_way_the_worse_first() -> None:
    before = with_cases(
        case("same", False), case("gone", False), case("other", True), case("worse", False),
    )  # fmt: skip
    after = with_cases(
        case("same", False), case("new", False), case("other", True, mark="skip"),
        case("worse", False, mark="lost"),
    )  # fmt: skip
    found = compare(before, after)
    assert [(c.name, c.is_worse) for c in found.cases] == [
        ("worse", True), ("gone", False), ("other", False), ("new", False),
    ]  # fmt: skip
    assert found.cases_same == 1
    gone = found.cases[1]
    assert all(a is not None and b is None for a, b in gone.seen)


def test_figures_with_their_change() -> None:
    def with_deltas(*rows: dict[str, Any]) -> Record:
        made = run()
        assert made.verdict
        deltas = tuple(codec.from_json(DeltaRecord, row) for row in rows)
        return replace(made, verdict=replace(made.verdict, deltas=deltas))

    found = compare(
        with_deltas(delta("a", 100, 200, True), delta("b", 0, 1, True), delta("c", 1, 1, True)),
        with_deltas(delta("a", 140, 200, True), delta("b", 5, None, True), delta("c", 1, 1, True)),
    )
    assert [(f.counter, f.percent) for f in found.figures] == [
        ("a", [pytest.approx(40.0), 0.0]), ("b", [None, None]),
    ]  # fmt: skip
    assert found.figures_same == 1


def test_toolchains_configurations_and_tools() -> None:
    one = replace(run(), circumstances=CircumstancesRecord("0.1.0", tools={"gcc": "gcc 12"}))
    stock = kernel("6.12.107", "x86_64", "stock", 1.0)
    other = run(build={"stock": stock | {"toolchain": "gcc 13"}, "patched": None})
    found = compare(one, other, (b"CONFIG_A=y\nCONFIG_B=m\n", b'CONFIG_A=y\nCONFIG_C="=x"\n'))
    assert ("toolchain", "gcc 12.2.0", "gcc 13") in found.settings
    assert ("gcc", "gcc 12", "not known") in found.settings
    assert ("kernel", "6.12.107") in found.same
    assert found.config is not None
    assert [(c.symbol, c.before, c.after) for c in found.config] == [
        ("CONFIG_B", "m", ""), ("CONFIG_C", "", '"=x"'),
    ]  # fmt: skip
    assert compare(one, other, (None, b"")).config is None, "not known is not the same"


@pytest.mark.parametrize("made", samples(), ids=lambda r: f"{r.version} {r.result}")
def test_whatever_a_record_lacks_it_can_be_compared(made: Record) -> None:
    found = compare(made, run())
    assert compare(made, made).settings == []
    assert found.patch is None, "the patch of these is cut, and so not to be compared"
    json.dumps(document(made, None, "page"))


def history() -> list[Record]:
    """Two runs of one kernel, and a kernel before it."""
    failed = replace(
        run(), result=Result.FAIL, key="former", finished=NOON - 9e4, started=NOON - 9e4
    )
    return [run("6.12.94", started=NOON - 9e5), failed, run()]


def test_each_kernel_links_to_the_one_before_it_and_to_its_former_run(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    records = []
    for number, made in enumerate(history()):
        assert made.build and made.build.stock
        stock = replace(made.build.stock, config=store.keep(b"CONFIG_X=%d\n" % number))
        records.append(replace(made, build=replace(made.build, stock=stock)))
    files = site_files(
        records, Material(config(), [patchset()], generated=NOON, texts=KeptTexts(store))
    )
    assert broken_links(checked(files), files) == []
    page = files[f"{HERE}.html"].decode()
    for name in ("with-predecessor.html", "with-former.html"):
        assert f'href="6.12.107-x86_64/{name}"' in page
    before = files[f"{HERE}/with-predecessor.html"].decode()
    assert "compared with 6.12.94, the one before it" in before
    assert "CONFIG_X" in before
    former = files[f"{HERE}/with-former.html"].decode()
    assert '<td data-label="Before" class="wide">fail</td>' in former
    assert f"a={SET}/6.12.107-x86_64/run-former&amp;b={SET}/6.12.107-x86_64/run" in former
    # The oldest kernel has none before it.
    assert f"{SET}/6.12.94-x86_64/with-predecessor.html" not in files


def test_without_a_script_the_page_says_where_to_go() -> None:
    files = site_files(history(), Material(config(), [patchset()], generated=NOON))
    page = files["compare.html"].decode()
    assert "<noscript>" in page and "script-src 'self'" in page
    assert "script-src" not in files[f"{HERE}.html"].decode()
    runs = files["compare-runs.js"].decode()
    assert f'"{HERE}/run"' in runs and f'"{HERE}/run-former"' in runs


def test_the_same_records_are_compared_with_the_same_bytes() -> None:
    one = site_files(history(), Material(config(), [patchset()], generated=NOON))
    other = site_files(reversed(history()), Material(config(), [patchset()], generated=NOON + 60))
    assert {n: d for n, d in one.items() if "/with-" in n or n.endswith(".js")} == {
        n: d for n, d in other.items() if "/with-" in n or n.endswith(".js")
    }


def node(program: str) -> Any:
    if not shutil.which("node"):
        pytest.skip("NOT RUN: needs node")
    done = subprocess.run(
        ["node", "-e", f"const c = require({json.dumps(str(SCRIPT))});{program}"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return json.loads(done.stdout)


def test_the_script_takes_names_of_runs_alone() -> None:
    good = [f"{HERE}/run", f"{HERE}/run-former", "_odd-1234/6.1+deb~1-x86_64-full/run"]
    bad = [
        "", "run", "/etc/x/run", "//evil.example/x/run", "https://evil.example/x/run", "../a/b/run",
        "a/../run", "a/b/run.js", "a/b/compare", "a/b/c/run", "a/b/run?x", "a/b/run#x", "a b/c/run",
        "javascript:alert(1)//a/run", f"{HERE}/run\n", None, 3,
    ]  # fmt: skip
    found = node(f"console.log(JSON.stringify({json.dumps([*good, *bad])}.map(c.address)))")
    assert found == [*good, *("" for _ in bad)]


def test_the_script_finds_what_the_pages_find() -> None:
    before = with_cases(case("same", False), case("worse", False))
    after = with_cases(case("same", False), case("worse", False, mark="lost"))
    configs = (b"CONFIG_A=y\n", b"CONFIG_A=m\n")
    documents = [
        document(made, text, "page") for made, text in zip((before, after), configs, strict=True)
    ]
    found = node(f"console.log(JSON.stringify(c.compare(...{json.dumps(documents)})))")
    expected = compare(before, after, configs)
    assert [row[0] for row in found["cases"]] == [f"{c.suite} {c.name}" for c in expected.cases]
    assert found["config"] == [["CONFIG_A", "y", "m"]]
    assert found["settings"] == [] and found["figures"] == [] and found["patch"] == []


@pytest.mark.parametrize(
    ("one", "other", "lines"),
    [
        ("abc", "abc", []),
        ("abc", "axc", ["-b", "+x"]),
        ("", "ab", ["+a", "+b"]),
        ("ab", "", ["-a", "-b"]),
        ("abcd", "bcde", ["-a", "+e"]),
    ],
)
def test_the_scripts_lines(one: str, other: str, lines: list[str]) -> None:
    asked = json.dumps([list(one), list(other)])
    assert node(f"console.log(JSON.stringify(c.lineDiff(...{asked})))") == lines
