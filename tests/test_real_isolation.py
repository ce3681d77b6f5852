# SPDX-License-Identifier: GPL-2.0-only
"""Crash isolation on real kernels: a planted fault is the result of the cases that meet it, and the
others have results of their own.

The downloads, the tree and the objects are those of the user's own cache; the consoles are the
test's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parent.parent

pytestmark = [
    pytest.mark.kernel,
    pytest.mark.slow,
    pytest.mark.nightly,
    pytest.mark.timeout(3600),
]


def run(state: Path, fault: str, *words: str) -> tuple[int, dict[str, Any]]:
    kept = {k: v for k, v in os.environ.items() if k not in ("ZPMAINT_HOME", "ZPMAINT_PROJECT")}
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", "test", "6.12.y", "--source", "debian", "--json",
         "--profile", "minimal", "--patch", f"tests/faults/{fault}", *words],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env=kept | {"XDG_STATE_HOME": str(state), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def observed(told: dict[str, Any], side: str) -> dict[str, str]:
    return {c["name"]: c[side]["observed"] for c in told["cases"] if c[side]["mark"] == "fail"}


def marks(told: dict[str, Any], side: str) -> set[str]:
    return {case[side]["mark"] for case in told["cases"]}


def test_a_bug_on_locked_memory_is_the_locking_cases_(tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    status, told = run(tmp_path, "locked-dies", "--junit", str(report))
    assert status == 1
    died = observed(told, "patched")
    assert {"mlock.untouched", "mlock.all", "lock.limit", "lock.grown"} <= set(died)
    # Only these families have cases that lock memory.
    assert {name.split(".")[0] for name in died} <= {
        "mlock",
        "lock",
        "condition",
        "leak",
        "syscall",
    }
    assert len(died) * 8 < len(told["cases"])
    assert set(died.values()) == {"panic"}
    # All the others ran, in the boots that came after.
    assert marks(told, "patched") == {"pass", "skip", "fail"}
    assert marks(told, "stock") == {"pass", "skip"}
    boots = [told["runs"]["patched"], *told["runs"]["patched"]["restarts"]]
    assert [boot["outcome"] for boot in boots] == ["panic"] * len(died) + ["finished"]
    for case in told["cases"]:
        if case["name"] in died:
            assert any("ernel BUG at" in line for line in case["patched"]["console"])
    failed = {
        test.get("name")
        for test in ET.parse(report).iter("testcase")
        if test.find("failure") is not None
    }
    assert failed == {"the-run-itself", *died}


def test_a_hang_on_locked_memory_is_the_case_s(tmp_path: Path) -> None:
    """Chosen cases: each hang costs the machine's whole deadline."""
    status, told = run(
        tmp_path, "locked-hangs", "--on", "patched", "--case", "read.zero",
        "--case", "mlock.untouched", "--case", "devzero.*",
    )  # fmt: skip
    assert status == 1
    seen = {case["name"]: case["patched"] for case in told["cases"]}
    assert seen.pop("mlock.untouched")["observed"] == "hang"
    assert {result["mark"] for result in seen.values()} == {"pass", "skip"}
    assert told["runs"]["patched"]["restarts"][0]["outcome"] == "finished"


def test_what_the_kernel_complains_of_is_told_case_by_case(tmp_path: Path) -> None:
    """A page that is mapped and not on the rmap: every case that reads has complaints of its own;
    one that never maps a page by a fault has none."""
    status, told = run(tmp_path, "rmap-forgotten")
    assert status == 1
    first = next(case["patched"] for case in told["cases"] if case["name"] == "read.zero")
    assert first["mark"] == "fail" and first["observed"] == first["expected"]
    assert "the kernel complains: BUG: Bad page map" in first["detail"]
    assert "lost" not in marks(told, "patched")
    assert marks(told, "stock") == {"pass", "skip"}
