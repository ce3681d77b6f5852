# SPDX-License-Identifier: GPL-2.0-only
"""What machines answer about their kernels, and which kernel that is."""

from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from zpmaint.core.kernel_name_rules import Gives, Tree, declared, rules
from zpmaint.core.kernel_names import Exactness, read_name
from zpmaint.core.versions import KernelVersion

ANSWERS: list[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent / "kernel_answers.toml").read_text("utf-8")
)["answer"]


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: str(row["answer"])[:60])
def test_real_answer_is_right_or_honestly_unknown(row: dict[str, Any]) -> None:
    name = read_name(row["answer"])
    assert name.exactness == row["exactness"]
    assert name.base_text == row.get("base", "")
    assert name.arch == row.get("arch", "")
    assert str(name.package or "") == row.get("package", "")
    if row.get("distribution"):
        assert name.distribution.startswith(row["distribution"])
    else:
        assert name.distribution == ""
    assert name.how


def test_answers_are_of_every_kind() -> None:
    """At least sixty, a third of them not exact."""
    kinds = Counter(row["exactness"] for row in ANSWERS)
    assert sum(kinds.values()) >= 60
    assert kinds["series only"] + kinds["unknown"] >= 20
    assert set(kinds) == set(map(str, Exactness))


def test_only_a_known_point_release_is_looked_up_as_one() -> None:
    for row in ANSWERS:
        name = read_name(row["answer"])
        exact = name.exactness in (Exactness.EXACT, Exactness.BASE_OF_CHANGED_TREE)
        assert bool(name.kernels) is exact, row["answer"]


def test_changed_tree_is_warned_of() -> None:
    name = read_name("5.14.0-427.28.1.el9_4.x86_64")
    assert "does not carry over" in name.warning
    assert "CachyOS's own patches" in read_name("6.12.107-cachyos").warning
    assert read_name("6.12.107").warning == ""


@pytest.mark.parametrize(
    ("text", "kernels"),
    [
        ("#1 SMP PREEMPT_DYNAMIC Debian 6.1.187-1 (2026-09-07)", ["6.1.187-1", "6.1.187"]),
        ("6.12.107+deb13-amd64", ["6.12.107"]),
        ("6.6.13-1kali1", ["6.6.13"]),
        ("next-20261120", ["next-20261120"]),
        ("6.15.0-rc1-next-20250409-00012-gabcdef012345", ["next-20250409"]),
        ("6.10.0-061000rc3-generic", ["6.10-rc3"]),
        ("6.9.3-060903-generic", ["6.9.3"]),
        ("6.9.3-76060903-generic", ["6.9.3"]),
        ("6.9.7-1.el9.elrepo.x86_64", ["6.9.7"]),
        ("6.1.0-rpi7-rpi-v8", []),
        ("6.8.1-1015-realtime", []),
        ("6.10.0-999-generic", []),
    ],
)
def test_kernels_to_look_for_are_nearest_first(text: str, kernels: list[str]) -> None:
    assert list(map(str, read_name(text).kernels)) == kernels


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "nothing"),
        ("   \n", "nothing"),
        ("hello world", "no name"),
        ("6.1.0-49-amd64 5.10.0-8-amd64", "more than one"),
        ("x" * 5000, "longer"),
        ("Linux host 6.6.13-amd64 #1 SMP Debian 5.10.28-1 (2021-04-09) x86_64", "fit together"),
        ("4.25.3", "no kernel of these numbers"),
        ("3.27.0-generic", "no kernel of these numbers"),
        ("2.6", "no kernel of these numbers"),
        ("99999.1.2", "no name"),
    ],
)
def test_what_cannot_be_told_is_unknown_and_says_why(text: str, word: str) -> None:
    name = read_name(text)
    assert name.exactness is Exactness.UNKNOWN
    assert name.base is None
    assert word in name.how


@pytest.mark.parametrize(
    "text",
    [
        "user@host:~$ uname -r\n6.12.107+deb13-amd64",
        "`6.12.107+deb13-amd64`",
        "  6.12.107+deb13-amd64\r\n",
        "/boot/vmlinuz-6.12.107+deb13-amd64",
        "v6.12.107",
        "\u00a06.12.107\u00a0",
        "Linux-6.12.107+deb13-amd64-x86_64-with-glibc2.41",
    ],
)
def test_answer_is_found_in_what_stands_around_it(text: str) -> None:
    assert read_name(text).kernels == (KernelVersion.parse("6.12.107"),)


def test_number_of_an_abi_is_no_machine() -> None:
    assert read_name("6.8.0-386-generic").arch == ""
    assert read_name("5.14.0-386.el9").arch == ""
    assert read_name("2.6.32-5-686").arch == "i386"


def test_every_rule_has_its_reason_and_whose_numbering_it_is() -> None:
    for rule in rules().rules:
        assert rule.reason, rule
        assert rule.reference, rule
        assert rule.how, rule
    for said in rules().said:
        assert said.reason, said
        assert said.reference, said


def test_last_rules_fit_every_name_and_promise_nothing() -> None:
    *_, zero, any_point = rules().rules
    assert (zero.gives, any_point.gives) == (Gives.SERIES, Gives.RELEASE)
    assert any_point.tree is Tree.VENDOR
    assert read_name("6.12.7-\u202eevil\n").exactness is Exactness.BASE_OF_CHANGED_TREE
    assert read_name("6.12.0-something").exactness is Exactness.SERIES_ONLY


def test_patterns_are_read_alike_by_python_and_javascript() -> None:
    table = declared()
    patterns = [row["tail"] for row in table["rule"]]
    patterns += [row["pattern"] for row in table["said"] + table["other"]]
    for pattern in patterns:
        for python_only in ("(?P", "(?<", "\\A", "\\Z", "(?i", "(?s", "*+", "++", "?+", "\\h"):
            assert python_only not in pattern, pattern


def test_hostile_answers_end_soon() -> None:
    for part in ("1.1", "-0", "-1.", "6.1.0-", "-gabcdef0", ".fc4", "a-", "uek", "#1 ", "1.2.3 "):
        read_name("6.1.2" + part * (3900 // len(part)))
