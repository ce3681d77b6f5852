# SPDX-License-Identifier: GPL-2.0-only
"""The documents: current where they are made of the code, whole in their links, spelt right."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from markdown_it import MarkdownIt  # noqa: TID253
from shown_commands import ROOT, documents

from zpmaint.cli.manual import docstrings
from zpmaint.cli.manual.files_page import places
from zpmaint.cli.manual.keys_page import described
from zpmaint.cli.manual.man import man_page
from zpmaint.cli.manual.pages import Block, Option, Page
from zpmaint.cli.manual.states_page import STATES
from zpmaint.cli.manual.written import MAN, stale, write
from zpmaint.publish.markup import slug

TEXTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def test_the_reference_is_as_the_code_has_it() -> None:
    assert stale(ROOT) == [], "run ci/reference"


def test_what_is_not_current_is_named_and_mended(tmp_path: Path) -> None:
    made = write(tmp_path)
    assert "docs/reference-keys.md" in made and "man/zpmaint-matrix-run.1" in made
    assert write(tmp_path) == []
    (tmp_path / "man/zpmaint-port.1").write_text("old")
    (tmp_path / "man/zpmaint-gone.1").touch()
    assert stale(tmp_path) == ["man/zpmaint-gone.1", "man/zpmaint-port.1"]
    write(tmp_path)
    assert stale(tmp_path) == [] and not (tmp_path / "man/zpmaint-gone.1").exists()


def test_every_document_has_its_row() -> None:
    rows = tomllib.loads((ROOT / "zpmaint/publish/docs.toml").read_text("utf-8"))
    listed = sorted(row["file"] for part in rows["part"] for row in part["doc"])
    there = sorted(path.name for path in (ROOT / "docs").glob("*.md") if path.name != "README.md")
    assert listed == there


def test_every_key_and_every_state_says_what_it_is() -> None:
    silent = [
        f"{file.path}: {found.header} {key.name}"
        for file, found in described()
        for key in found.keys
        if not key.about
    ]
    silent += [
        f"{title}: {field.name}"
        for title, _, states in STATES
        for field in docstrings.fields(states)
        if not field.about
    ]
    assert silent == []


def test_the_variables_are_those_that_the_code_asks_for() -> None:
    asked = {
        name
        for path in (ROOT / "zpmaint").rglob("*")
        if path.suffix in (".py", ".sh")
        for name in re.findall(r"(?:\"|\$\{)(ZPMAINT_[A-Z0-9_]+)\b", path.read_text("utf-8"))
    }
    # Between zpmaint and the processes that it starts; nobody sets them by hand.
    own = {"ZPMAINT_CELL_COOKIE", "ZPMAINT_HOOK", "ZPMAINT_PYTHON", "ZPMAINT_RECORD"}
    listed = {row["name"] for row in places()["variable"]}
    assert {name for name in listed if name.startswith("ZPMAINT_")} == asked - own


@pytest.mark.skipif(not shutil.which("groff"), reason="NOT RUN: needs groff")
def test_troff_warns_of_nothing_in_the_man_pages() -> None:
    pages = sorted((ROOT / MAN).glob("*.1"))
    said = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", *pages], capture_output=True, text=True, check=True
    )
    assert said.stderr == ""


def test_signs_of_troff_in_a_help_text_stay_signs() -> None:
    page = Page(
        ("zpmaint", "x"), "Do it.", "[A]", (Block(".SH is no heading\n'nor this \\n", True),),
        (Option(("-a", "--all"), "N", "a-b \\fB", True),), (),
    )  # fmt: skip
    text = man_page(page)
    assert "\n\\&.SH is" in text and "\n\\(aqnor this \\en\n" in text
    assert "a\\-b \\efB May be given several times." in text


@cache
def _anchors(path: Path) -> frozenset[str]:
    found: list[str] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8"))
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(c.content for c in inline.children or [] if c.content)
            anchor = slug(words)
            again = sum(one == anchor or re.fullmatch(rf"{re.escape(anchor)}-\d+", one) is not None
                        for one in found)  # fmt: skip
            found.append(f"{anchor}-{again}" if again else anchor)
    return frozenset(found)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    broken: list[str] = []
    for token in MarkdownIt("commonmark").enable("table").parse(path.read_text("utf-8")):
        for child in token.children or []:
            link = str(child.attrGet("href") or child.attrGet("src") or "")
            if not link or urlsplit(link).scheme:
                continue
            name, _, anchor = link.partition("#")
            target = (path.parent / name).resolve() if name else path
            if not target.exists() or (
                anchor and target.suffix == ".md" and anchor not in _anchors(target)
            ):
                broken.append(link)
    assert broken == []


def test_words_are_spelt_right() -> None:
    texts = [*documents(), "CHANGELOG.md", "zpmaint"]
    said = subprocess.run(
        [sys.executable, "-m", "codespell_lib", *texts],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr
