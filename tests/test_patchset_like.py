# SPDX-License-Identifier: GPL-2.0-only
"""Sets that take their expectations from another: planted faults, variants."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.core.errors import UserError
from zpmaint.patchset.load import all_patchsets, load_patchset


def test_a_set_like_another_takes_what_it_does_not_say(tmp_path: Path) -> None:
    """Planted faults and variants share the expectations of the set that they imitate."""
    root = Path(__file__).parent.parent
    fault = load_patchset(root / "tests/faults/rmap-forgotten", root / "patches")
    real = load_patchset(root / "patches/no-anon-zero-page")
    assert fault.flips == real.flips != ()
    assert fault.telling == real.telling != ()
    assert fault.anchors != real.anchors
    with pytest.raises(UserError, match="like: no patch set 'no-anon-zero-page'"):
        load_patchset(root / "tests/faults/rmap-forgotten", tmp_path)


def test_every_set_of_the_project_loads() -> None:
    root = Path(__file__).parent.parent
    assert [p.name for p in all_patchsets(root)] == ["no-anon-zero-page"]
    for folder in (root / "tests/faults").glob("*/"):
        assert load_patchset(folder, root / "patches").anchors


def a_set(folder: Path, like: str) -> None:
    folder.mkdir()
    (folder / "v6.12.patch").write_text("--- a/f.c\n+++ b/f.c\n@@ -1 +1 @@\n-a\n+b\n")
    (folder / "patch.toml").write_text(
        f'like = "{like}"\ntitle = "t"\nauthor = "a"\norigin = "o"\nintent = "i"\nleaves = ["l"]\n'
        '[[anchor]]\nfile = "v6.12.patch"\nversion = "6.12"\nbase = "6.12"\nwhy = "w"\n'
    )


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_sets_that_are_like_one_another_in_a_circle(names: str, tmp_path: Path) -> None:
    for one, other in zip(names, names[1:] + names[:1], strict=True):
        a_set(tmp_path / one, other)
    with pytest.raises(UserError, match=f"like: a circle: {' -> '.join(names)} -> a"):
        load_patchset(tmp_path / "a")


def test_a_row_of_sets_that_does_not_end(tmp_path: Path) -> None:
    for number in range(40):
        a_set(tmp_path / f"s{number}", f"s{number + 1}")
    with pytest.raises(UserError, match="more than 20 sets"):
        load_patchset(tmp_path / "s0")
