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
