# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import pytest

from zpmaint.core.errors import UserError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.experience import Experience, Remaining
from zpmaint.matrix.plan import Due
from zpmaint.matrix.schedule import Limits
from zpmaint.matrix.steps import Step, declared
from zpmaint.matrix.worth import by_worth, chosen


def due(
    version: str,
    last: Result | None = None,
    *,
    arch: str = "x86_64",
    patchset: str = "one",
    profile: str = "",
) -> Due:
    return Due(KernelVersion.parse(version), arch, patchset, (), profile, last=last)


def test_red_then_new_then_changed_and_the_newest_release_first() -> None:
    dues = [
        due("7.2.8", Result.PASS),
        due("7.3-rc1"),
        due("7.2.9"),
        due("6.12.107", Result.INFRA),
        due("6.12.108"),
        due("6.1.187", Result.FAIL),
        due("5.10.262", Result.CONFLICT),
        due("2.6.21", Result.NO_REGRESSION),
    ]
    assert [str(one.version) for one in by_worth(dues)] == [
        "6.1.187", "5.10.262", "7.2.9", "6.12.108", "7.3-rc1", "7.2.8", "6.12.107", "2.6.21",
    ]  # fmt: skip


ALL = [
    due("6.12.107"), due("6.12-rc1"), due("6.12"), due("6.1.187", arch="i386"),
    due("6.120.1", patchset="two"), due("2.6.21", profile="legacy"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("6.12.107", ["6.12.107"]),
        ("6.12.y", ["6.12.107", "6.12-rc1", "6.12"]),
        ("6.12.*", ["6.12.107", "6.12-rc1", "6.12"]),
        ("6.*", ["6.12.107", "6.12-rc1", "6.12", "6.1.187", "6.120.1"]),
        ("i386", ["6.1.187"]),
        ("two", ["6.120.1"]),
        ("leg*", ["2.6.21"]),
        ("*", ["6.12.107", "6.12-rc1", "6.12", "6.1.187", "6.120.1", "2.6.21"]),
        ("6.1.187 i386 one", ["6.1.187"]),
    ],
)
def test_only(pattern: str, named: list[str]) -> None:
    assert [str(one.version) for one in chosen(ALL, [pattern])] == named


def test_several_patterns_keep_the_order_and_double_nothing() -> None:
    found = chosen(ALL, ["2.6.21", "6.12.107", "6.12.y"])
    assert [str(one.version) for one in found] == ["6.12.107", "6.12-rc1", "6.12", "2.6.21"]
    assert chosen(ALL, []) == ALL


@pytest.mark.parametrize("pattern", ["6.13.y", "arm64", "", "[", "6.12.107 "])
def test_a_pattern_that_names_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(UserError, match="names nothing that is tracked"):
        chosen(ALL, ["6.12.y", pattern])


def test_experience_is_that_of_the_nearest_kernel() -> None:
    known = Experience(
        [
            ("6.12.107", "x86_64", {"build": 100.0, "boot": 10.0}),
            ("6.12.106", "x86_64", {"build": 200.0, "boot": 20.0, "port": 3.0}),
            ("6.1.1", "x86_64", {"build": 60.0, "second boot": 9.0, "port": 0.01}),
            ("6.1.1", "i386", {"build": 50.0}),
            ("no kernel", "x86_64", {"build": 1e9}),
        ]
    )
    assert known.expected(due("6.12.107")) == {
        Step.PORT: 3.0, Step.BUILD: 100.0, Step.BOOT: 10.0,
    }  # fmt: skip
    assert known.expected(due("6.12.108"))[Step.BUILD] == 150.0
    assert known.expected(due("5.4.1"))[Step.BUILD] == 100.0
    assert known.expected(due("5.4.1", arch="i386"))[Step.BUILD] == 50.0
    assert known.expected(due("5.4.1", arch="i386"))[Step.BOOT] == 15.0


def test_what_has_run_already_is_not_left() -> None:
    known = Experience([("6.1", "x86_64", {"port": 5.0, "build": 100.0, "boot": 10.0})])
    one = Limits(1, 1 << 40)

    def left(step: Step | None, spent: float = 0.0) -> float | None:
        return known.left([Remaining(due("6.1"), step, spent)], declared(), one)

    assert left(None) == 115.0
    assert left(Step.BUILD, 40.0) == 70.0
    assert left(Step.BOOT, 99.0) == 0.0
    assert left(Step.JUDGE) == 0.0
    assert Experience().left([Remaining(due("6.1"))], declared(), one) is None
