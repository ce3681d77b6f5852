# SPDX-License-Identifier: GPL-2.0-only
"""docs/dashboard.md says of ten wishes which tests hold them: those tests are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs/dashboard.md").read_text("utf-8")


def test_each_wish_names_tests_that_there_are() -> None:
    wishes = re.split(r"^\*\*\d+\. ", TEXT, flags=re.MULTILINE)[1:]
    assert len(wishes) == 10
    for wish in wishes:
        named = re.findall(r"`(tests/\w+\.py)::(\w+)`", wish)
        assert named, wish
        for file, test in named:
            assert f"\ndef {test}(" in (ROOT / file).read_text("utf-8"), (file, test)
