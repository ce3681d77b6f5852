# SPDX-License-Identifier: GPL-2.0-only
"""Resolutions as files, an anchor more in patch.toml: nothing is lost, what is damaged is named."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_patchset_load import PROJECT

from zpmaint.core.eras import Era
from zpmaint.core.errors import UserError
from zpmaint.core.versions import KernelVersion
from zpmaint.patchset.load import load_patchset
from zpmaint.patchset.resolutions import FOLDER, file_name, load, read, written
from zpmaint.patchset.table import with_anchor
from zpmaint.patchset.values import Anchor, Edit, Resolution, single

V = KernelVersion.parse

ONE = Resolution(
    "0123456789abcdef", "mm/memory.c", "do_wp_page", "v2.6.20.4", V("2.6.14"),
    "A Person <p@example.org>", "2026-01-02", "because of that",
    (
        Edit(("<<<<<<< the patch (x)\n", "=======\n", ">>>>>>> the target\n"), ("\tint a;\n",)),
        Edit(("--- a/x\n", "@@ -1 +1 @@\n", "\\ No newline at end of file\n"), ()),
    ),
)  # fmt: skip


def test_what_is_written_is_read_again() -> None:
    assert read(written(ONE), "x") == ONE
    assert file_name(ONE) == "do_wp_page-0123456789abcdef.resolution"


_LINE = st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), max_size=20)
_BYTES = st.binary(max_size=12).map(
    lambda raw: raw.replace(b"\n", b"").decode("utf-8", "surrogateescape")
)
_LINES = st.lists(st.one_of(_LINE, _BYTES).map(lambda text: text + "\n"), min_size=1, max_size=6)


@settings(deadline=None)  # a loaded machine is no failure
@given(_LINES, st.lists(_BYTES.map(lambda text: text + "\n"), max_size=6), st.booleans())
def test_every_byte_comes_back(before: list[str], after: list[str], cut: bool) -> None:
    if cut and after and after[-1] != "\n":
        after = [*after[:-1], after[-1][:-1]]
    edit = Edit(tuple(before), tuple(after))
    same = Resolution(*[getattr(ONE, f) for f in list(ONE.__dataclass_fields__)[:-1]], (edit,))
    assert read(written(same), "x") == same


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b"Key: 0123456789abcdef\n", b"", "no Key in its head"),
        (b"Path: ", b"Pfad: ", "line 1"),
        (b"2.6.14", b"two", "'two' is not a kernel version"),
        (b"+\tint a;\n", b"\tint a;\n", "line 14"),
        (b"@@\n-<<<<<<<", b"-<<<<<<<", "belongs to no edit"),
        (b"-\\ No newline at end of file\n", b"-cut", "cut off"),
        (b"-<<<<<<< the patch (x)\n-=======\n->>>>>>> the target\n", b"", "without a line"),
    ],
)
def test_a_damaged_file_is_named(old: bytes, new: bytes, says: str, tmp_path: Path) -> None:
    data = written(ONE)
    assert old in data
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "a.resolution").write_bytes(data.replace(old, new))
    with pytest.raises(UserError) as caught:
        load(tmp_path)
    assert says in caught.value.what
    assert "a.resolution" in caught.value.what


def test_a_half_written_file_is_not_there_and_a_second_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / ".a.resolution.xyz").write_bytes(written(ONE)[:40])
    (folder / ".b.resolution").write_bytes(b"half")
    assert load(tmp_path) == ()
    (folder / "a.resolution").write_bytes(written(ONE))
    assert load(tmp_path) == (ONE,)
    (folder / "b.resolution").write_bytes(written(ONE))
    with pytest.raises(UserError, match="another file has the same key"):
        load(tmp_path)


# --- patch.toml ----------------------------------------------------------------------------------


def anchor(name: str, version: str, era: Era) -> Anchor:
    return Anchor(name, V(version), V(version), era, single(""), 'so "it" is\nand more')


def test_an_anchor_is_added_and_every_other_line_kept() -> None:
    text = (PROJECT / "patches/no-anon-zero-page/patch.toml").read_text()
    fresh = anchor("v2.6.34", "2.6.34", Era(V("2.6.34-rc1"), V("2.6.36-rc1")))
    after = with_anchor(text, fresh, "v2.6.32", Era(V("2.6.32-rc1"), V("2.6.34-rc1")))
    lines, new = text.splitlines(), after.splitlines()
    assert [line for line in lines if line not in new] == []
    rows = tomllib.loads(after)["anchor"]
    assert [row["file"] for row in rows][1:4] == [
        "v2.6.32.patch", "v2.6.34.patch", "v2.6.36-rc3.patch"
    ]  # fmt: skip
    assert (rows[1]["until"], rows[2]["since"], rows[2]["until"]) == (
        "2.6.34-rc1", "2.6.34-rc1", "2.6.36-rc1",
    )  # fmt: skip
    assert rows[2]["why"] == 'so "it" is\nand more'


def test_a_bound_that_goes_takes_its_line_along() -> None:
    text = (PROJECT / "patches/no-anon-zero-page/patch.toml").read_text()
    fresh = anchor("v7.3", "7.3", Era(V("7.3-rc1"), None))
    after = tomllib.loads(with_anchor(text, fresh, "v7.2.6", Era(None, V("7.3-rc1"))))
    former, mine = after["anchor"][-2:]
    assert "since" not in former and former["until"] == "7.3-rc1"
    assert "until" not in mine


def test_a_table_in_one_line_is_left_to_the_person() -> None:
    text = 'title = "T"\nanchor = [{file = "a.patch", version = "6.1", base = "6.1", why = "W"}]\n'
    with pytest.raises(UserError, match="no line can be added"):
        with_anchor(text, anchor("b", "6.2", Era(V("6.2"), None)), "a", Era(None, V("6.2")))


def test_a_patch_set_brings_its_resolutions(tmp_path: Path) -> None:
    (tmp_path / "v6.12.patch").write_text("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    (tmp_path / "patch.toml").write_text(
        'title = "T"\nauthor = "A"\norigin = "O"\nintent = "I"\nleaves = []\n'
        '[[anchor]]\nfile = "v6.12.patch"\nversion = "6.12"\nbase = "6.12"\nwhy = "W"\n'
    )
    assert load_patchset(tmp_path).resolutions == ()
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / file_name(ONE)).write_bytes(written(ONE))
    assert load_patchset(tmp_path).resolutions == (ONE,)
