# SPDX-License-Identifier: GPL-2.0-only
"""Patch sets on disk: what loads, and that each fault names file, key and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import find_patchset, load_patchset

PROJECT = Path(__file__).parent.parent

TABLE = """\
title = "T"
author = "A"
origin = "O"
intent = "I"
leaves = ["the rest"]

[[anchor]]
file = "v6.12.patch"
version = "6.12"
base = "6.12"
since = "6.12-rc1"
until = "6.19"
why = "W"

[[adopted]]
since = "2.6.24-rc1"
until = "2.6.32-rc1"
commits = ["557ed1fa2620"]
why = "W"

[[flip]]
case = "read-fault"
stock = "zero-page"
patched = "own-page"
why = "W"

[[telling]]
since = "6.0"
counters = ["VmRSS"]
why = "W"
"""
PATCH = "Header.\n\n--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1 +1 @@\n-a\n+b\n"


def written(folder: Path, table: str = TABLE, patch: str = PATCH) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "patch.toml").write_text(table)
    (folder / "v6.12.patch").write_text(patch)
    return folder


CONFIG = """
[[config]]
file = "config/x.config"
since = "6.0"
arch = "x86_64"
why = "W"
"""


def test_a_set_brings_its_configuration(tmp_path: Path) -> None:
    folder = written(tmp_path / "any", TABLE + CONFIG)
    (folder / "config").mkdir()
    (folder / "config/x.config").write_text("# the driver\nCONFIG_R8169=m\n")
    found = load_patchset(folder)
    (fragment,) = found.fragments(KernelVersion.parse("6.12"), "x86_64")
    assert fragment.name == "x.config"
    assert [(w.symbol, w.value, w.required) for w in fragment.wishes] == [("R8169", "m", True)]
    assert found.fragments(KernelVersion.parse("5.10"), "x86_64") == ()
    assert found.fragments(KernelVersion.parse("6.12"), "i386") == ()


@pytest.mark.parametrize(
    ("table", "config", "said"),
    [
        (CONFIG, None, r"config/x\.config: cannot be read: No such file or directory \("),
        (CONFIG, "CONFIG_A=y\n", r"x\.config:1: CONFIG_A=y: no reason given"),
        (CONFIG, "# nothing\n", r"x\.config: sets no symbol"),
        (CONFIG.replace("config/x.config", "../x.config"), "", r"config\[1\]\.file"),
        (CONFIG.replace('why = "W"', ""), "# r\nCONFIG_A=y\n", r"config\[1\]\.why: missing"),
    ],
)
def test_bad_fragments_are_named(tmp_path: Path, table: str, config: str | None, said: str) -> None:
    folder = written(tmp_path / "any", TABLE + table)
    (folder / "config").mkdir()
    if config is not None:
        (folder / "config/x.config").write_text(config)
    with pytest.raises(UserError, match=said):
        load_patchset(folder)


def test_a_set_may_ask_for_sure_ports(tmp_path: Path) -> None:
    assert load_patchset(written(tmp_path / "any")).min_confidence == 0.0
    strict = written(tmp_path / "strict", f"min_confidence = 0.9\n{TABLE}")
    assert load_patchset(strict).min_confidence == 0.9
    with pytest.raises(UserError, match=r"patch\.toml: min_confidence: .*less than or equal to 1"):
        load_patchset(written(tmp_path / "wrong", f"min_confidence = 90\n{TABLE}"))


def test_a_patch_set_is_read_whole(tmp_path: Path) -> None:
    read = load_patchset(written(tmp_path / "demo"))
    assert read.name == "demo"
    (anchor,) = read.anchors
    assert (anchor.name, str(anchor.version), anchor.patch) == ("v6.12", "6.12", PATCH)
    assert KernelVersion.parse("6.18.15") in anchor.era
    assert KernelVersion.parse("6.19") not in anchor.era
    assert read.adoptions[0].commits == ("557ed1fa2620",)
    assert read.flips[0].patched == "own-page"
    assert read.telling[0].silent == ()
    assert read.leaves == ("the rest",)


def test_anchors_are_oldest_first(tmp_path: Path) -> None:
    older = TABLE[TABLE.index("[[anchor]]") : TABLE.index("[[adopted]]")]
    older = older.replace("v6.12", "v6.1").replace('"6.12"', '"6.1"')
    older = older.replace("6.12-rc1", "6.1-rc1").replace("6.19", "6.12-rc1")
    folder = written(tmp_path, TABLE + older)
    (folder / "v6.1.patch").write_text(PATCH)
    assert [a.name for a in load_patchset(folder).anchors] == ["v6.1", "v6.12"]


def test_a_case_may_flip_in_several_eras(tmp_path: Path) -> None:
    row = '[[flip]]\ncase = "futex"\nstock = "stuck"\npatched = "ok"\nwhy = "W"\n'
    eras = ('since = "2.6.32"\nuntil = "2.6.32.1"\n', 'since = "2.6.33-rc1"\n')
    folder = written(tmp_path, TABLE + "".join(row + era for era in eras))
    assert [
        [KernelVersion.parse(text) in flip.era for text in ("2.6.32", "2.6.32.9", "2.6.33")]
        for flip in load_patchset(folder).flips
    ] == [[True, True, True], [True, False, False], [False, False, True]]


def test_a_flip_ends_earlier_in_a_series_that_took_the_mend(tmp_path: Path) -> None:
    row = 'until = "5.8-rc1"\nmended = ["5.4.47", "5.7.3"]\n'
    table = TABLE.replace('patched = "own-page"\n', f'patched = "own-page"\n{row}')
    (flip,) = load_patchset(written(tmp_path / "demo", table)).flips
    told = ("5.4.46", "5.4.47", "5.4.300", "5.5.19", "5.7.2", "5.7.3", "5.8-rc1")
    inside = [KernelVersion.parse(text) in flip.era for text in told]
    assert inside == [True, False, False, True, True, False, False]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('title = "T"\n', "", "title: missing, and needed"),
        ('title = "T"', 'title = " "', "title: "),
        ('leaves = ["the rest"]', 'leavs = ["x"]', "leavs: unknown key"),
        ('since = "6.12-rc1"', 'since = "six"', "anchor[1].since: 'six' is not a kernel version"),
        ('since = "6.12-rc1"', "since = 6.12", "anchor[1].since: 6.12 is not a kernel version"),
        ('until = "6.19"', 'until = "6.12-rc1"', "ends (6.12-rc1) before it begins"),
        ('base = "6.12"', 'base = "6.1"', "base 6.1 is outside"),
        ('file = "v6.12.patch"', 'file = "../v6.12.patch"', "anchor[1].file"),
        ('file = "v6.12.patch"', 'file = "v6.13.patch"', "anchor v6.13.patch: No such file"),
        ('commits = ["557ed1fa2620"]', 'commits = ["HEAD"]', "adopted[1].commits[1]"),
        ('commits = ["557ed1fa2620"]', "commits = []", "adopted[1].commits"),
        ('patched = "own-page"', 'patched = "zero-page"', "does not flip"),
        (
            'patched = "own-page"',
            'patched = "own-page"\nuntil = "6.2"\nmended = ["6.1.9", "6.2.4"]',
            "mended: 6.2.4 is outside of the era anyway",
        ),
        ('counters = ["VmRSS"]', "counters = []", "telling[1].counters"),
        ("[[telling]]", '[[telling]]\nuntil = "6.1"\ncounters = ["x"]\nwhy = "y"\n[[telling]]', ""),
        (
            "[[telling]]",
            '[[telling]]\nuntil = "6.1"\ncounters=["x"]\nwhy="y"\n[[telling]]',
            "overl",
        ),
        (
            "[[telling]]",
            '[[flip]]\ncase="read-fault"\nstock="a"\npatched="b"\nwhy="y"\nsince="6.2"\n[[telling]]',
            "flip of read-fault: the eras [the first, open) and [6.2, open) overlap",
        ),
        ("title", "title title", "not TOML"),
        ("[[anchor]]", "[anchor]", "anchor: "),
    ],
)
def test_each_fault_names_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    folder = written(tmp_path, TABLE.replace(old, new, 1))
    with pytest.raises(UserError) as caught:
        load_patchset(folder)
    assert str(folder / "patch.toml") in caught.value.what
    assert said in caught.value.what
    assert "\n" not in str(caught.value)


def test_a_damaged_anchor_is_named_with_its_line(tmp_path: Path) -> None:
    folder = written(tmp_path, patch=PATCH.replace("@@ -1 +1 @@", "@@ -1,2 +1,2 @@"))
    with pytest.raises(UserError, match=r"v6\.12\.patch: line 5: the hunk ends early"):
        load_patchset(folder)


def test_finding_by_name_and_by_folder(tmp_path: Path) -> None:
    folder = written(tmp_path / "patches/demo")
    assert find_patchset("demo", tmp_path).name == "demo"
    assert find_patchset(str(folder), tmp_path / "elsewhere").name == "demo"


def test_what_is_no_patch_set_is_refused_with_the_next_step(tmp_path: Path) -> None:
    folder = written(tmp_path / "patches/demo")
    with pytest.raises(UserError, match="choose one of: demo"):
        find_patchset("nope", tmp_path)
    with pytest.raises(UserError, match=r"which kernel it was made for \(make a folder"):
        find_patchset(str(folder / "v6.12.patch"), tmp_path)
    (tmp_path / "bare").mkdir()
    with pytest.raises(UserError, match=r"no patch\.toml in it"):
        find_patchset(str(tmp_path / "bare"), tmp_path)


def test_the_projects_own_patch_set() -> None:
    read = find_patchset("no-anon-zero-page", PROJECT)
    first = read.anchors[0]
    assert (first.name, str(first.base)) == ("v2.6.20.4", "2.6.20")
    eras = {
        "2.6.21": (True, False),
        "2.6.23": (True, False),
        "2.6.24": (False, True),
        "2.6.31": (False, True),
        "2.6.32": (False, False),
    }
    for name, (anchored, adopted) in eras.items():
        version = KernelVersion.parse(name)
        assert (version in first.era, version in read.adoptions[0].era) == (anchored, adopted), name
    telling = {
        name: [t for t in read.telling if KernelVersion.parse(name) in t.era]
        for name in ("2.6.23", "2.6.24", "4.4", "4.5", "7.1")
    }
    assert "VmRSS" in telling["2.6.23"][0].silent
    # What upstream allocates by itself every counter has to show.
    assert "VmRSS" in telling["2.6.24"][0].counters
    assert "RssAnon" not in telling["4.4"][0].counters
    assert "RssAnon" in telling["4.5"][0].counters
    assert len(telling["7.1"]) == 1
