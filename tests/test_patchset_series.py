# SPDX-License-Identifier: GPL-2.0-only
"""Anchors that are a folder or an mbox of patches: what loads, and how each fault is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from test_patchset_load import PATCH, TABLE

from zpmaint.core.errors import UserError
from zpmaint.patchset.load import load_patchset

FROM = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
SECOND = PATCH.replace("-a\n+b", "-b\n+c")


def mails(*texts: str) -> str:
    return "\n".join(f"{FROM}Subject: [PATCH] {n}\n\n{text}" for n, text in enumerate(texts, 1))


def folder(tmp_path: Path, file: str, files: dict[str, str], table: str = TABLE) -> Path:
    (tmp_path / "patch.toml").write_text(table.replace('file = "v6.12.patch"', f'file = "{file}"'))
    for name, text in files.items():
        place = tmp_path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return tmp_path


def names(place: Path) -> list[str]:
    [anchor] = load_patchset(place).anchors
    return [member.name for member in anchor.series.members]


def test_a_quilt_folder_goes_by_its_table(tmp_path: Path) -> None:
    place = folder(
        tmp_path, "q6.12", {"q6.12/z.patch": PATCH, "q6.12/a.patch": SECOND,
                            "q6.12/series": "z.patch\na.patch\n"},
    )  # fmt: skip
    assert names(place) == ["z.patch", "a.patch"]
    [anchor] = load_patchset(place).anchors
    assert (anchor.name, anchor.is_single, anchor.patch) == ("q6.12", False, PATCH + SECOND)


def test_a_format_patch_folder_goes_by_its_numbers(tmp_path: Path) -> None:
    files = {"f/0002-b.patch": mails(SECOND), "f/0001-a.patch": mails(PATCH)}
    assert names(folder(tmp_path, "f", files)) == ["0001-a.patch", "0002-b.patch"]


@pytest.mark.parametrize("file", ["v6.12.mbox", "v6.12.mbx", "v6.12.patch"])
def test_an_mbox_is_known_by_its_ending_or_by_its_mails(tmp_path: Path, file: str) -> None:
    place = folder(tmp_path, file, {file: mails(PATCH, SECOND)})
    assert names(place) == ["0001-1.patch", "0002-2.patch"]
    assert load_patchset(place).anchors[0].name == "v6.12"


def test_one_patch_is_a_series_of_one(tmp_path: Path) -> None:
    for text in (PATCH, mails(PATCH)):
        place = folder(tmp_path, "v6.12.patch", {"v6.12.patch": text})
        [anchor] = load_patchset(place).anchors
        assert (names(place), anchor.is_single, anchor.patch) == ([""], True, text)


TWICE = """
[[anchor]]
file = "v6.12.mbox"
version = "6.12"
base = "6.12"
why = "W"
"""


@pytest.mark.parametrize(
    ("file", "files", "said"),
    [
        ("f", {"f/README": "no patch\n"}, "anchor f: .*f: holds no patch"),
        ("f", {}, "anchor f: No such file"),
        ("x.mbox", {"x.mbox": mails("0/2: what follows\n")}, "x.mbox: holds no patch"),
        ("x.mbox", {"x.mbox": PATCH}, "no mbox: no line `From `"),
        ("x.mbox", {"x.mbox": "From me\n\n" + PATCH}, "no mbox: no line `From `"),
        ("x.diff", {"x.diff": PATCH}, "neither a .patch file, nor an mbox"),
        (
            "f",
            {"f/1.patch": mails(PATCH), "f/2.patch": PATCH.replace("@@ -1 +1", "@@ -1,2 +1,2")},
            r"anchor f: 2.patch: line 5: the hunk ends early",
        ),
        (
            "f",
            {"f/series": "a.patch\na.patch\n", "f/a.patch": PATCH},
            "line 2: a.patch is there twice",
        ),
        ("f", {"f/series": "a.patch\n", "f/a.patch": "words\n"}, "a.patch: holds no diff"),
        ("f", {"f/series": "b.patch\n"}, "anchor f: .*line 1: no file"),
    ],
)
def test_each_fault_names_the_anchor(
    tmp_path: Path, file: str, files: dict[str, str], said: str
) -> None:
    place = folder(tmp_path, file, files)
    with pytest.raises(UserError) as caught:
        load_patchset(place)
    assert re.search(said, caught.value.what), caught.value.what
    assert str(place / "patch.toml") in caught.value.what
    assert caught.value.hint and "\n" not in str(caught.value)


def test_two_anchors_may_not_share_a_name(tmp_path: Path) -> None:
    place = folder(tmp_path, "v6.12.patch", {"v6.12.patch": PATCH}, TABLE + TWICE)
    with pytest.raises(UserError, match=r"there twice: v6\.12\.mbox, v6\.12\.patch"):
        load_patchset(place)
