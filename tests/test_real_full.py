# SPDX-License-Identifier: GPL-2.0-only
"""The full and the debug profile on real kernels: every case has an outcome, and the one expected.

    ZPMAINT_TEST_FULL='6.12.y full, 5.10.y full, 2.6.32 debug' ci/test tests/test_real_full.py

names the kernels, with their sources from kernels.toml, and the profiles; ten minutes for each that
has to be built.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ASKED = [tuple(one.split()) for one in os.environ.get("ZPMAINT_TEST_FULL", "").split(",") if one]

pytestmark = [pytest.mark.kernel, pytest.mark.slow, pytest.mark.timeout(7200)]


@pytest.mark.skipif(not ASKED, reason="ZPMAINT_TEST_FULL names no kernel and profile")
@pytest.mark.parametrize(("version", "profile"), ASKED or [("6.12.y", "full")])
def test_every_case_is_as_expected_on_both_kernels(version: str, profile: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zpmaint", "-q", "test", version, "--profile", profile, "--json"],
        capture_output=True, text=True, cwd=ROOT, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    assert told["failures"] == []
    assert done.returncode == 0
    for case in told["cases"]:
        # What is for this profile alone may not be skipped for want of it.
        for side in filter(None, (case["stock"], case["patched"])):
            assert "full profile" not in side["observed"]
