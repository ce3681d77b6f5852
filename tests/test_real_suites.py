# SPDX-License-Identifier: GPL-2.0-only
"""Suites on a real kernel from Debian's archive: a set's own cases, a script, selftests."""

from __future__ import annotations

from typing import Any

import pytest
from test_real_pair import ROOT, environment, pytestmark, seen, verify  # noqa: F401

SETS = "tests/sets"


def suites(record: dict[str, Any]) -> set[str]:
    return {case["suite"] for case in record["verdict"]["cases"]}


def test_own_cases_in_c_and_as_a_script_show_the_effect(
    environment: dict[str, str],  # noqa: F811
) -> None:
    status, record = verify(environment, "--patch", f"{SETS}/loadavg")
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert record["verdict"]["shown_by"] == ["loadavg.sign", "loadavg.script"]
    for case in ("loadavg.sign", "loadavg.script"):
        assert seen(record, case, "stock") == ("pass", "slash")
        assert seen(record, case, "patched") == ("pass", "colon")
    # The fault path is as on stock: nobody said a word about it.
    assert suites(record) == {"fault-path", "own"}
    assert seen(record, "read.faults", "patched") == ("pass", "zero-page")


def test_a_selftest_of_that_kernels_tree_flips(
    environment: dict[str, str],  # noqa: F811
) -> None:
    status, record = verify(environment, "--patch", f"{SETS}/noreplace")
    assert (status, record["result"]) == (0, "pass"), record["why"]
    assert record["verdict"]["shown_by"] == ["kselftest.mm.map-fixed-noreplace"]
    word = "exit-0-pass-9"
    assert seen(record, "kselftest.mm.map-fixed-noreplace", "stock") == ("pass", word)
    assert seen(record, "kselftest.mm.mkdirty", "patched")[0] == "pass"


def test_a_set_without_cases_is_as_on_stock(
    environment: dict[str, str],  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("sets") / "bare"
    folder.mkdir()
    for path in (ROOT / SETS / "loadavg").glob("*.*"):
        (folder / path.name).write_bytes(path.read_bytes())
    status, record = verify(environment, "--patch", str(folder))
    assert (status, record["result"]) == (0, "no regression"), record["why"]
    assert "the patch's effect was not shown" in record["why"]
