# SPDX-License-Identifier: GPL-2.0-only
"""What runs of a change, from the command line to the record; a script in QEMU's place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from test_app_suite import Guests, built, pytestmark, session  # noqa: F401

SET = Path("project/patches/toy/patch.toml")


@pytest.fixture(autouse=True)
def fresh(session: Guests) -> None:  # noqa: F811
    """What is remembered of a guest hangs on what it is made of, and a script's whim is none."""
    shutil.rmtree(session.folder / "home/cache/executed", ignore_errors=True)


@pytest.fixture
def least(session: Guests, request: pytest.FixtureRequest) -> None:  # noqa: F811
    """The set asks for a share of its lines, for this test alone."""
    path = session.folder / SET
    before = path.read_text()
    path.write_text(f"min_executed = {request.param}\n{before}")
    request.addfinalizer(lambda: path.write_text(before))


def test_touching_runs_the_cases_that_run_the_change(session: Guests) -> None:  # noqa: F811
    session.does("patched", read_faults="runs", read_zero="runs")
    status, told = session.test("--case", "touching", "--case", "read.*")
    assert status == 0
    ran = [case["name"] for case in told["cases"]]
    assert sorted(ran) == ["read.faults", "read.zero"]
    assert told["untouched"] and "read.faults" not in told["untouched"]
    assert all(name.startswith("read.") for name in told["untouched"])
    assert session.boots == ["stock", "patched", "patched"]
    (hunk,) = told["executed"]["files"][0]["hunks"]
    assert [line["named"] for line in hunk["lines"]] == [["read.zero", "read.faults"]]
    # What was seen is remembered: no boot more.
    (session.folder / "notes" / "boots").unlink()
    session.test("--case", "touching", "--case", "read.*")
    assert session.boots == ["stock", "patched"]


def test_nothing_touching_is_said(session: Guests) -> None:  # noqa: F811
    status, out, err = session.run("test", "6.12.107", "--case", "touching", "--case", "cow.*")
    assert status == 2, out
    assert "no case runs a line that the patch changes" in err
    status, _, err = session.run("test", "6.12.107", "--case", "touching", "--on", "stock")
    assert status == 2 and "leave --on stock out" in err


def test_a_record_has_what_ran(session: Guests) -> None:  # noqa: F811
    session.does("patched", read_faults="runs")
    status, out, err = session.run("verify", "6.12.107", "--executed", "--json")
    assert status == 0, err
    [record] = json.loads(out)
    seen = record["verdict"]["executed"]
    assert record["why"].endswith("; executed 1 of 1 changed lines")
    assert seen["files"][0]["hunks"][0]["lines"][0]["named"] == ["read.faults"]
    assert seen["differing"] == [] and "read.zero" in seen["idle"]
    assert session.boots == ["stock", "patched", "patched"]
    status, out, _ = session.run("show", "6.12.107")
    assert "executed 1 of 1 changed lines" in out and "run nothing of it" in out
    # The boots that are judged are made without.
    assert all("-dfilter" not in record["runs"][one]["command"] for one in ("stock", "patched"))


def test_who_does_not_ask_boots_no_more(session: Guests) -> None:  # noqa: F811
    session.does("patched", read_faults="runs")
    status, out, _ = session.run("verify", "6.12.107", "--json")
    [record] = json.loads(out)
    assert (status, record["verdict"]["executed"]) == (0, None)
    assert session.boots == ["stock", "patched"]


@pytest.mark.parametrize("least", [0.5], indirect=True)
@pytest.mark.usefixtures("least")
def test_a_set_that_asks_for_more_than_ran_does_not_pass(session: Guests) -> None:  # noqa: F811
    status, out, err = session.run("verify", "6.12.107", "--json")
    assert status == 1, err
    [record] = json.loads(out)
    assert record["result"] == "not executed"
    assert record["why"].startswith("the set asks for 50% of the lines; executed 0 of 1 changed")


def test_a_case_that_reports_otherwise_when_watched_is_named(
    session: Guests,  # noqa: F811
) -> None:
    told = session.folder / "patched.json"
    session.does("patched", read_faults="runs")
    watched = json.loads(told.read_text())
    watched["watched"] = {"read.zero": "broken"}
    told.write_text(json.dumps(watched))
    _, out, _ = session.run("test", "6.12.107", "--executed", "--json", "--profile", "minimal")
    assert json.loads(out)["executed"]["differing"] == ["read.zero"]
