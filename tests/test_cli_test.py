# SPDX-License-Identifier: GPL-2.0-only
"""The words of `zpmaint test`, without a kernel."""

from __future__ import annotations

from click.shell_completion import ShellComplete

from zpmaint.app.test_run import profile_for
from zpmaint.cli.main import cli
from zpmaint.suites.cases import select
from zpmaint.suites.fault_path.suite import all_cases
from zpmaint.suites.values import FULL


def completed(*words: str, of: str) -> list[str]:
    found = ShellComplete(cli, {}, "zpmaint", "_ZPMAINT_COMPLETE").get_completions(list(words), of)
    return [item.value for item in found]


def test_cases_and_tags_are_completed() -> None:
    names = completed("test", "6.12.107", "--case", of="fork")
    assert "fork" in names and "fork.storm" in names
    assert set(names) - {"fork"} == {c.name for c in all_cases() if c.name.startswith("fork")}
    assert completed("test", "6.12.107", "--profile", of="f") == ["full"]
    assert completed("test", "6.12.107", "--on", of="") == ["stock", "patched", "both"]


def test_one_boot_is_planned_in_the_smallest_profile_in_which_all_tell() -> None:
    cases = all_cases()
    needing = [case for case in cases if case.profile == FULL]
    assert needing
    assert profile_for(cases, "x86_64") == "full"
    assert profile_for(needing[:1], "x86_64") == "full"
    assert profile_for(select(cases, "fork.*"), "x86_64") == "minimal"
    # There is no full profile of i386; the guest skips what needs it, with that reason.
    assert profile_for(cases, "i386") == "minimal"
