# SPDX-License-Identifier: GPL-2.0-only
"""i386 on a real kernel: the pair, the guest program without anything set by hand, and the fix-ups
without which today's gcc makes a kernel that is silently wrong.

Downloads and objects are those of the user's own cache, as in test_real_pair.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.mirror,
    pytest.mark.slow,
    pytest.mark.timeout(2400),
]

# zpmaint with one fix-up less than it declares.
WITHOUT = """
import sys
from zpmaint.build import fixups
kept = tuple(row for row in fixups.declared() if row.name != sys.argv[1])
assert len(kept) < len(fixups.declared())
fixups.declared = lambda: kept
from zpmaint.cli.main import main
del sys.argv[1]
sys.exit(main())
"""


def verified(state: Path, mirror: Path, without: str = "") -> tuple[int, dict[str, Any]]:
    unset = ("ZPMAINT_HOME", "ZPMAINT_PROJECT", "ZPMAINT_MUSL_I386")
    env = {name: value for name, value in os.environ.items() if name not in unset}
    start = ["-c", WITHOUT, without] if without else ["-m", "zpmaint"]
    words = ["verify", "v2.6.21", "--arch", "i386", "--source", f"git:{mirror}", "--json"]
    done = subprocess.run(
        [sys.executable, *start, *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env | {"XDG_STATE_HOME": str(state), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    [record] = json.loads(done.stdout)
    return done.returncode, record


def bad(record: dict[str, Any]) -> set[str]:
    """The cases that failed, on either kernel."""
    sides = ("stock", "patched")
    return {
        case["name"]
        for case in record["verdict"]["cases"]
        if any(case[side]["mark"] not in ("pass", "skip") for side in sides)
    }


def test_pair(tmp_path: Path, kernel_git: Path) -> None:
    status, record = verified(tmp_path, kernel_git)
    assert status == 0, record["why"]
    assert record["arch"] == "i386"
    assert not bad(record)
    assert all(run["deterministic"] for run in record["runs"].values())


@pytest.mark.parametrize(
    ("fixup", "cases"),
    [
        ("i386-pt-regs-alias", {"signal.altstack"}),
        ("i386-arguments-copied", {"syscall.registers"}),
    ],
)
def test_a_kernel_without_the_fixup_is_found_out(
    tmp_path: Path, kernel_git: Path, fixup: str, cases: set[str]
) -> None:
    status, record = verified(tmp_path, kernel_git, fixup)
    assert status == 1
    assert bad(record) == cases
    assert record["runs"]["stock"]["outcome"] == "finished"
