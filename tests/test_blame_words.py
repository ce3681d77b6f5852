# SPDX-License-Identifier: GPL-2.0-only
"""Whose fault the end of a log tells of, row by row of blame_cases.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from zpmaint.build.diagnosis import Blame, diagnose

CASES = tomllib.loads((Path(__file__).parent / "blame_cases.toml").read_text())["case"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_whose_fault_a_log_tells_of(case: dict[str, Any]) -> None:
    fault = diagnose(case["log"].splitlines(), "/w/src", "/w/obj")
    assert (str(fault.blame), fault.line) == (case["blame"], fault.line)
    assert case["line"] in fault.line
    assert bool(fault.hint) == (fault.blame is Blame.MACHINE), "the machine's has a next step"


def test_the_table_holds_what_it_promises() -> None:
    blames = [case["blame"] for case in CASES]
    assert blames.count("machine") >= 47
    assert blames.count("kernel") >= 20
    assert len({case["name"] for case in CASES}) == len(CASES)
