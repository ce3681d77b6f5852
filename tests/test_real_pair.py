# SPDX-License-Identifier: GPL-2.0-only
"""The whole on real kernels: one pair from Debian's archive, and the faults that must be found.

The downloads, the tree and the objects are those of the user's own cache, so that a pair built
once is not built again; the ledger and the consoles are the test's.
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
KERNEL = "6.12.y"

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(2400)]
NIGHTLY = pytest.mark.nightly


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("ZPMAINT_HOME", "ZPMAINT_PROJECT")}
    return kept | {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")), "PYTHONPATH": str(ROOT)}


def verify(environment: dict[str, str], *words: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", "verify", KERNEL, "--source", "debian", "--json", *words],
        capture_output=True, text=True, cwd=ROOT, env=environment, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    [record] = json.loads(done.stdout)
    return done.returncode, record


def seen(record: dict[str, Any], case: str, side: str) -> tuple[str, str]:
    [found] = [c for c in record["verdict"]["cases"] if c["name"] == case]
    return found[side]["mark"], found[side]["observed"]


def delta(record: dict[str, Any], phase: str, counter: str) -> tuple[float, float]:
    [found] = [
        d for d in record["verdict"]["deltas"] if (d["phase"], d["counter"]) == (phase, counter)
    ]
    return found["stock"], found["patched"]


def test_pair(environment: dict[str, str]) -> None:
    """Stock maps the zero page and grows by nothing, patched by all of the 64 MB it read."""
    status, record = verify(environment)
    assert status == 0, record["why"]
    assert record["result"] == "pass"
    assert delta(record, "read", "VmRSS") == (0, 65536)
    assert delta(record, "read", "RssAnon") == (0, 65536)
    # kpageflags' own word for it.
    assert seen(record, "read.flags", "stock") == ("pass", "zero-page")
    assert seen(record, "read.flags", "patched") == ("pass", "private")
    assert seen(record, "huge.read", "stock") == ("pass", "zero-page")
    assert seen(record, "huge.read", "patched") == ("pass", "private")
    marks = [c[s]["mark"] for c in record["verdict"]["cases"] for s in ("stock", "patched")]
    assert marks.count("pass") > 60
    assert set(marks) <= {"pass", "skip"}


@pytest.mark.parametrize(
    ("fault", "result", "says"),
    [
        pytest.param("inverted-test", "fail", "hang", marks=NIGHTLY),
        ("page-not-zeroed", "fail", "read.recycled"),
        pytest.param("rmap-forgotten", "fail", "Bad page map", marks=NIGHTLY),
        ("zero-page-kept", "fail", "zero-page, expected private"),
        pytest.param("cow-unwrapped", "fail", "userfault.poke", marks=NIGHTLY),
        pytest.param(
            "huge-zero-kept", "fail", "huge.read: zero-page, expected private", marks=NIGHTLY
        ),
        pytest.param("does-not-link", "build-failed", "undefined reference", marks=NIGHTLY),
    ],
)
def test_planted_fault_is_found(
    environment: dict[str, str], fault: str, result: str, says: str
) -> None:
    status, record = verify(environment, "--patch", f"tests/faults/{fault}")
    assert status == 1
    assert record["result"] == result, record["why"]
    against = [record["why"], *((record["verdict"] or {}).get("failures") or [])]
    assert any(says in line for line in against), against
    if record["runs"]:
        # The stock kernel of the pair is whole: the fault is the patch's alone.
        assert record["runs"]["stock"]["outcome"] == "finished"
        assert not any(line.startswith("stock") for line in record["verdict"]["failures"])
        assert Path(record["runs"]["patched"]["console"]).is_file()
