# SPDX-License-Identifier: GPL-2.0-only
"""Panels, columns and pages that a patch set declares."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from zpmaint.app.inputs import _declared
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import load_patchset

SHIPPED = Path(__file__).parent.parent / "patches" / "no-anon-zero-page"
ANCHOR = "v6.12.107.patch"
SET = """
title = "t"
author = "a"
origin = "o"
intent = "i"
leaves = []
[[anchor]]
file = "v6.12.107.patch"
version = "6.12.107"
base = "6.12.107"
why = "w"
"""
PANEL = """
[[panel]]
name = "read"
title = "Reads"
counters = ["VmRSS"]
phase = "read"
unit = "MiB"
means = "m"
bound = 0.05
"""
CLAIM = """
title = "Answered"
lead = "l"
[[claim]]
about = "faults"
quote = '''
two
  lines'''
by = "n"
date = "2007-10-16"
source = "s"
url = "https://example.org/x"
"""


def make(tmp_path: Path, more: str = "", page: str = "", name: str = "answered") -> Path:
    folder = tmp_path / "sets" / "mine"
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    shutil.copy(SHIPPED / ANCHOR, folder)
    (folder / "patch.toml").write_text(SET + more)
    if page:
        (folder / "pages" / f"{name}.toml").write_text(page)
    return folder


def test_the_shipped_set_declares_what_its_page_shows() -> None:
    found = load_patchset(SHIPPED)
    assert {p.name for p in found.panels} >= {"read", "write", "rss", "page-tables", "break-even"}
    assert [column.title for column in found.columns] == ["Memory, read pass", "Instr./page"]


def test_a_set_that_declares_nothing_has_nothing(tmp_path: Path) -> None:
    found = load_patchset(make(tmp_path))
    assert (found.panels, found.columns, found.pages) == ((), (), ())


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (PANEL + PANEL, "panel.name: there twice"),
        (PANEL.replace("0.05", "0"), "panel[1].bound"),
        (PANEL.replace('"read"', '"Read it"', 1), "panel[1].name"),
        (PANEL.replace('["VmRSS"]', "[]"), "panel[1].counters"),
        (PANEL + "colour = 1\n", "colour"),
        (
            '[[column]]\ntitle = "t"\ncounters = ["c"]\nphase = "p"\nunit = "u"\nshow = "x"\n',
            "show",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_key(tmp_path: Path, more: str, said: str) -> None:
    with pytest.raises(UserError) as told:
        load_patchset(make(tmp_path, more))
    assert "patch.toml" in str(told.value)
    assert said in str(told.value)


def test_a_set_that_is_like_another_has_its_panels(tmp_path: Path) -> None:
    folder = make(tmp_path, PANEL)
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    (other / "patch.toml").write_text('like = "mine"\n' + SET)
    assert load_patchset(other).panels == load_patchset(folder).panels != ()


MEASURE = """
[[claim.measure]]
says = "faults"
command = "zpmaint verify VERSION"
unit = "per page"
counter = "MinorFaults"
phase = "write"
until = "2.6.24-rc1"
"""


def test_a_page_is_quotes_with_their_measures(tmp_path: Path) -> None:
    (page,) = load_patchset(make(tmp_path, page=CLAIM + MEASURE)).pages
    assert page.name == "answered"
    (claim,) = page.claims
    assert claim.quote == "two\n  lines"
    (measure,) = claim.measures
    assert KernelVersion.parse("2.6.21") in measure.era
    assert KernelVersion.parse("2.6.32") not in measure.era


@pytest.mark.parametrize(
    ("page", "name", "said"),
    [
        (CLAIM, "answered", "unmeasured"),
        (CLAIM + MEASURE + 'pattern = "read"\nstep = "read"\n', "answered", "either counter"),
        (CLAIM.replace("https:", "javascript:") + MEASURE, "answered", "url"),
        (CLAIM + MEASURE, "index", "every set has a page"),
        (CLAIM + MEASURE, "Bad Name", "name"),
        (CLAIM + MEASURE.replace("2.6.24-rc1", "old"), "answered", "until"),
    ],
)
def test_what_is_wrong_with_a_page_is_told(tmp_path: Path, page: str, name: str, said: str) -> None:
    with pytest.raises(UserError) as told:
        load_patchset(make(tmp_path, page=page, name=name))
    assert said in str(told.value)
    assert f"{name}.toml" in str(told.value)


def test_what_only_pages_show_makes_no_verification_due(tmp_path: Path) -> None:
    bare = load_patchset(make(tmp_path))
    shown = load_patchset(make(tmp_path, PANEL, CLAIM + MEASURE))
    assert shown != bare
    assert _declared(shown) == _declared(replace(bare, folder=shown.folder))
