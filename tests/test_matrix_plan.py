# SPDX-License-Identifier: GPL-2.0-only
from __future__ import annotations

import json

import pytest
from ledger_fixtures import SET, record
from pydantic import ValidationError

from zpmaint.core.config import Config
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.result import Result
from zpmaint.core.versions import KernelVersion
from zpmaint.ledger.values import Record, Summary
from zpmaint.matrix.again import Trouble
from zpmaint.matrix.plan import Due, plan

V = KernelVersion.parse


class Memory:
    """A ledger that is a list, newest first."""

    def __init__(self, *records: Record) -> None:
        self.records = records

    def tries(self, key: str) -> list[Summary]:
        return [r.summary for r in self.records if r.key == key]

    def known_summary(self, key: str) -> Summary | None:
        return next((r.summary for r in self.records if r.key == key and r.result.settles), None)

    def latest_summary(
        self, version: str, arch: str, patchset: str, profile: str | None = None
    ) -> Summary | None:
        return next(
            (
                r.summary
                for r in self.records
                if (r.version, r.arch, r.patchset) == (version, arch, patchset)
                and profile in (None, r.profile)
            ),
            None,
        )


def tracked(*lines: dict[str, object]) -> Config:
    return Config.model_validate(
        {
            "patch": SET,
            "sources": {"debian": {"kind": "debian"}, "org": {"kind": "kernel.org"}},
            "kernel": [{"sources": ["debian", "org"], **line} for line in lines],
        }
    )


def newest(series: str, sources: tuple[str, ...]) -> KernelVersion:
    assert sources == ("debian", "org")
    return V({"6.12": "6.12.107", "6.1": "6.1.176", "7": "7.2.6", "7.2": "7.2.6"}[series])


def inputs_of(due: Due) -> dict[str, str]:
    return {"asked": f"{due.version}/{due.arch}/{due.patchset}", "tools": "gcc 12"}


def key_of(inputs: dict[str, str]) -> str:
    return inputs["asked"]


def test_each_line_architecture_and_patch_set_is_due_newest_first() -> None:
    made = plan(
        tracked(
            {"version": "2.6.21"},
            {"version": "6.12.*", "arch": ["x86_64", "i386"]},
            {"version": "6.1.*", "patches": ["a", "b"]},
        ),
        newest,
        Memory(),
        inputs_of,
        key_of,
    )
    assert [(str(d.version), d.arch, d.patchset) for d in made.dues] == [
        ("6.12.107", "x86_64", SET),
        ("6.12.107", "i386", SET),
        ("6.1.176", "x86_64", "a"),
        ("6.1.176", "x86_64", "b"),
        ("2.6.21", "x86_64", SET),
    ]
    assert {d.sources for d in made.dues} == {("debian", "org")}
    assert {d.why for d in made.dues} == {"never verified"}
    assert made.open == made.dues


def test_two_lines_that_name_one_kernel_make_it_due_once() -> None:
    lines = tracked({"version": "7.*"}, {"version": "7.2.*", "sources": ["org"]})
    made = plan(lines, lambda series, sources: V("7.2.6"), Memory(), inputs_of, key_of)
    assert [(str(d.version), d.sources) for d in made.dues] == [("7.2.6", ("debian", "org"))]


def test_lines_that_differ_in_profile_alone_are_two() -> None:
    lines = tracked({"version": "7.*"}, {"version": "7.*", "profile": "kasan"})
    made = plan(lines, lambda series, sources: V("7.2.6"), Memory(), inputs_of, key_of)
    assert [(str(d.version), d.profile) for d in made.dues] == [("7.2.6", ""), ("7.2.6", "kasan")]
    assert [due["profile"] for due in made.as_json()["dues"]] == ["", "kasan"]
    with pytest.raises(ValidationError, match=r"twice with profile kasan"):
        tracked(*[{"version": "7.*", "profile": "kasan"}] * 2)


@pytest.mark.parametrize(
    ("held", "known", "why"),
    [
        (record("6.1.176", key=f"6.1.176/x86_64/{SET}"), True, "known: pass"),
        (record("6.1.176", Result.FAIL, key=f"6.1.176/x86_64/{SET}"), True, "known: fail"),
        (record("6.1.176", key="other"), False, "inputs changed since the last result (pass)"),
        (
            record("6.1.176", key="other", inputs={"asked": "before", "tools": "gcc 12"}),
            False,
            "inputs changed since the last result (pass): asked",
        ),
        (record("6.1.94", key="other"), False, "never verified"),
        (
            record("6.1.176", Result.INFRA, key=f"6.1.176/x86_64/{SET}", why="disk full"),
            False,
            "no result: disk full",
        ),
        (
            record("6.1.176", Result.INDETERMINATE, key=f"6.1.176/x86_64/{SET}", why="Error 2"),
            False,
            "no result: Error 2",
        ),
    ],
)
def test_only_a_settled_record_with_the_same_inputs_is_known(
    held: Record, known: bool, why: str
) -> None:
    made = plan(tracked({"version": "6.1.*"}), newest, Memory(held), inputs_of, key_of)
    assert (made.dues[0].known == held.summary) is known
    assert why in made.dues[0].why
    assert made.open == (() if known else made.dues)


def test_what_gave_no_result_waits_and_is_then_run() -> None:
    held = record("6.1.176", Result.INFRA, key=f"6.1.176/x86_64/{SET}", why="no network")
    lines = tracked({"version": "6.1.*"}, {"version": "7.*"})
    for after, is_open in [(10.0, False), (300.0, True)]:
        now = held.finished + after
        made = plan(lines, newest, Memory(held), inputs_of, key_of, now=now)
        (one,) = [due for due in made.dues if str(due.version) == "6.1.176"]
        assert (one in made.open, one in made.waiting) == (is_open, not is_open)
        assert one.trouble is Trouble.INFRASTRUCTURE
        assert one.known is None
        assert one.turn == held.summary.turn
        assert len(made.open) == 1 + is_open, "the others do not wait for it"
    shown = plan(lines, newest, Memory(held), inputs_of, key_of, now=held.finished)
    shown = shown.as_json()["dues"][1]
    assert (shown["trouble"], shown["not_before"]) == ("infrastructure", held.finished + 300)


def test_what_came_out_both_ways_is_flaky_and_not_known() -> None:
    key = f"6.1.176/x86_64/{SET}"
    came = [record("6.1.176", one, key=key) for one in (Result.PASS, Result.FAIL, Result.PASS)]
    made = plan(tracked({"version": "6.1.*"}), newest, Memory(*came), inputs_of, key_of)
    assert made.open == made.dues
    assert made.dues[0].trouble is Trouble.FLAKY
    assert made.dues[0].why == "flaky: pass, fail, pass with the same inputs"
    more = plan(tracked({"version": "6.1.*"}), newest, Memory(*came, *came), inputs_of, key_of)
    assert more.dues[0].known is not None, "so often is enough"
    assert more.dues[0].trouble is Trouble.FLAKY


def test_a_series_that_nobody_can_name_is_said_and_stops_nothing() -> None:
    def failing(series: str, sources: tuple[str, ...]) -> KernelVersion:
        if series == "6.1":
            raise InfraError("debian: no network", "try later")
        if series == "9":
            raise UserError("no source serves 9")
        return newest(series, sources)

    made = plan(
        tracked({"version": "6.1.*"}, {"version": "9.*"}, {"version": "6.12.*"}),
        failing,
        Memory(),
        inputs_of,
        key_of,
    )
    assert [str(d.version) for d in made.dues] == ["6.12.107"]
    assert [(u.series, u.error.kind) for u in made.unresolved] == [
        ("6.1.*", "infrastructure"),
        ("9.*", "user"),
    ]


def test_the_json_holds_all_of_the_plan() -> None:
    held = record("2.6.21", key=f"2.6.21/x86_64/{SET}")
    made = plan(
        tracked({"version": "2.6.21"}, {"version": "7.*"}), newest, Memory(held), inputs_of, key_of
    ).as_json()
    assert json.loads(json.dumps(made)) == {
        "schema": 1,
        "dues": [
            {
                "version": "7.2.6",
                "series": "7.2",
                "arch": "x86_64",
                "patchset": SET,
                "profile": "",
                "sources": ["debian", "org"],
                "known": None,
                "why": "never verified",
                "trouble": None,
                "not_before": None,
            },
            {
                "version": "2.6.21",
                "series": "2.6.21",
                "arch": "x86_64",
                "patchset": SET,
                "profile": "",
                "sources": ["debian", "org"],
                "known": "pass",
                "why": "known: pass with the same inputs",
                "trouble": None,
                "not_before": None,
            },
        ],
        "unresolved": [],
    }


@pytest.mark.parametrize(
    ("line", "version", "covered"),
    [
        ("6.12.*", "6.12.107", True),
        ("6.12.*", "6.12", True),
        ("6.12.*", "6.1.12", False),
        ("6.1.*", "6.12.1", False),
        ("7.*", "7.3-rc7", True),
        ("7.*", "next-20261120", False),
        ("2.6.20.*", "2.6.20.4", True),
        ("2.6.20.*", "2.6.21", False),
        ("2.6.21", "2.6.21", True),
        ("2.6.21", "2.6.21.1", False),
        ("6.12.107", "6.12.107-1", True),
        ("6.12.107-1", "6.12.107-1", True),
        ("6.12.107-1", "6.12.107-2", False),
        ("6.12.107-1", "6.12.107", False),
    ],
)
def test_a_line_covers_its_kernels(line: str, version: str, covered: bool) -> None:
    assert tracked({"version": line}).kernel[0].covers(V(version)) is covered
