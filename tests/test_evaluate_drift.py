# SPDX-License-Identifier: GPL-2.0-only
"""Kinds of drift, each by a planted conflict that git itself finds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from zpmaint.evaluate.drift import MARKER, Drift, hardest, regions

BASE = "{\n\tone(a, b);\n\ttwo();\n\tthree();\n\tfour();\n}\n"


@pytest.mark.parametrize(
    ("target", "after", "kind"),
    [
        pytest.param(BASE, BASE.replace("two", "2"), Drift.CONTEXT, id="clean"),
        pytest.param(
            BASE.replace("two()", "zwei()"), BASE.replace("three()", "drei()"), Drift.ADJACENT,
            id="adjacent",
        ),
        pytest.param(
            BASE.replace("one(a,", "one(x,"), BASE.replace("b);", "y);"), Drift.TOKENS, id="tokens"
        ),
        pytest.param(
            BASE.replace("\tfour", "\tnew();\n\tfour"), BASE.replace("\tfour", "\tmine();\n\tfour"),
            Drift.SAME_SPOT, id="same spot",
        ),
        pytest.param(
            BASE.replace("\ttwo();\n", ""), BASE.replace("two()", "two(1)"), Drift.UPSTREAM_DELETES,
            id="upstream deletes",
        ),
        pytest.param(
            BASE.replace("two()", "two(1)"), BASE.replace("\ttwo();\n", ""), Drift.PATCH_DELETES,
            id="patch deletes",
        ),
        pytest.param(
            BASE.replace("two()", "two(1)"), BASE.replace("\ttwo", "\t\ttwo"), Drift.REINDENT,
            id="re-indent",
        ),
        pytest.param(
            BASE.replace("two()", "zwei()"), BASE.replace("two()", "deux()"), Drift.BOTH, id="both"
        ),
    ],
)  # fmt: skip
def test_kind(tmp_path: Path, target: str, after: str, kind: Drift) -> None:
    assert hardest(regions(_merged(tmp_path, target, after))) is kind


def test_the_hardest_counts(tmp_path: Path) -> None:
    base = BASE + "\n" * 20 + BASE
    target = BASE.replace("two()", "zwei()") + "\n" * 20 + BASE.replace("two()", "zwei()")
    after = BASE.replace("three()", "drei()") + "\n" * 20 + BASE.replace("two()", "deux()")
    found = regions(_merged(tmp_path, target, after, base))
    assert len(found) == 2
    assert hardest(found) is Drift.BOTH


def test_rows_of_equal_signs_are_no_markers(tmp_path: Path) -> None:
    base = "Title\n=======\n<<<<<<< x\ntext\n"
    found = regions(_merged(tmp_path, base.replace("text", "a"), base.replace("text", "b"), base))
    assert [r.base for r in found] == [(b"text\n",)]


def _merged(folder: Path, target: str, after: str, base: str = BASE) -> bytes:
    for name, text in (("m", target), ("b", base), ("y", after)):
        (folder / name).write_text(text)
    command = ["git", "merge-file", "-p", "-q", "--diff3", f"--marker-size={MARKER}", *"mby"]
    return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout
