# SPDX-License-Identifier: GPL-2.0-only
"""Histories in, regressions out; and the command that lists them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from ledger_fixtures import NOON, record
from port_fixtures import changed
from publish_fixtures import config
from timeline_fixtures import lines

from zpmaint.app.regressions import regressions, shown_by
from zpmaint.app.session import Session
from zpmaint.cli import matrix as cli_matrix
from zpmaint.cli.main import cli
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.core.result import Result
from zpmaint.ledger.store import Ledger
from zpmaint.timeline.cost_changes import CostChange
from zpmaint.timeline.regressions import Regression, RegressionKind, regressions_of


def told(*steps: str, tracked: tuple[str, ...] = ("6.12.*",)) -> list[str]:
    """Each as "kind first..last < last good by what (fixed in)"."""
    return [
        f"{one.kind} {one.first}..{one.last} < {one.last_good} by {one.turned_by}"
        + (f" fixed {one.fixed_in}" if one.fixed_in else "")
        for one in regressions_of(lines(*steps, config=config(*tracked)))
    ]


HISTORIES: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("nothing", (), []),
    ("all is well", ("6.12.1 P", "6.12.2 N"), []),
    ("never good is no regression", ("6.12.1 F", "6.12.2 F"), []),
    (
        "a kernel turned",
        ("6.12.1 P", "6.12.2 F", "6.12.4 C"),
        ["result 6.12.2..6.12.4 < 6.12.1 by kernel"],
    ),
    (
        "over",
        ("6.12.1 P", "6.12.2 F", "6.12.3 P"),
        ["result 6.12.2..6.12.2 < 6.12.1 by kernel fixed 6.12.3"],
    ),
    (
        "what still is comes first",
        ("6.12.1 P", "6.12.2 F", "6.12.3 P", "6.12.4 F"),
        [
            "result 6.12.4..6.12.4 < 6.12.3 by kernel",
            "result 6.12.2..6.12.2 < 6.12.1 by kernel fixed 6.12.3",
        ],
    ),
    ("the host's trouble is none", ("6.12.1 P", "6.12.2 I", "6.12.3 ?"), []),
    (
        "the same kernel was good with other inputs",
        ("6.12.1 P", "6.12.2 P", "6.12.2 F"),
        ["result 6.12.2..6.12.2 < 6.12.2 by inputs"],
    ),
    (
        "one of a run shows that it was the inputs",
        ("6.12.1 P", "6.12.4 P", "6.12.3 F", "6.12.4 F"),
        ["result 6.12.3..6.12.4 < 6.12.4 by inputs"],
    ),
    (
        "a flake after a good kernel",
        ("6.12.1 P", "6.12.2 P/k", "6.12.2 F/k", "6.12.2 P/k"),
        ["flake 6.12.2..6.12.2 < 6.12.1 by chance"],
    ),
    ("a flake alone", ("6.12.2 P/k", "6.12.2 F/k"), ["flake 6.12.2..6.12.2 < 6.12.2 by chance"]),
    (
        "flaky, then broken: one",
        ("6.12.1 P", "6.12.2 P/k", "6.12.2 F/k", "6.12.3 F"),
        ["result 6.12.2..6.12.3 < 6.12.1 by kernel"],
    ),
]


@pytest.mark.parametrize(
    ("steps", "found"), [row[1:] for row in HISTORIES], ids=[row[0] for row in HISTORIES]
)
def test_what_a_history_shows(steps: tuple[str, ...], found: list[str]) -> None:
    assert told(*steps) == found


def test_the_first_of_a_series_is_held_to_the_series_before() -> None:
    tracked = ("6.12.*", "7.2.*")
    assert told("6.12.9 P", "7.2.1 F", tracked=tracked) == [
        "result 7.2.1..7.2.1 < 6.12.9 by kernel"
    ]
    (one,) = regressions_of(lines("6.12.9 P", "7.2.1 F", config=config(*tracked)))
    assert one.is_across
    assert told("6.12.9 F", "7.2.1 P", tracked=tracked) == []


def test_what_lies_between_and_is_untested_is_counted() -> None:
    (one,) = regressions_of(lines("6.12.1 P", "6.12.9 F", config=config("6.12.*")))
    assert one.untested == 7


def change(first: str, before: float, after: float, last: str) -> CostChange:
    return CostChange(
        counter="instructions/page", phase="read", unit="n", side="patched", arch="x86_64",
        last=last, first=first, since=last, before=before, after=after, exact=True, creeping=False,
        when=NOON,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        ([("6.12.2", 900.0, 1200.0, "6.12.1")], [("6.12.2", None)]),
        ([("6.12.2", 1200.0, 900.0, "6.12.1")], []),
        (
            [("6.12.2", 900.0, 1200.0, "6.12.1"), ("6.12.3", 1200.0, 900.0, "6.12.2")],
            [("6.12.2", "6.12.3")],
        ),
        (
            [("6.12.2", 900.0, 1200.0, "6.12.1"), ("6.12.3", 1200.0, 1100.0, "6.12.2")],
            [("6.12.2", None)],
        ),
    ],
)
def test_a_figure_that_rose_is_one_until_it_is_back(
    moves: list[tuple[str, float, float, str]], found: list[tuple[str, str | None]]
) -> None:
    (line,) = lines("6.12.1 P", "6.12.2 P", "6.12.3 P", config=config("6.12.*"))
    line = replace(line, cost_changes=tuple(change(*one) for one in moves))
    made = regressions_of([line])
    assert [(one.first, one.fixed_in) for one in made] == found
    assert {one.kind for one in made} <= {RegressionKind.COST}


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from("PNFBCI?"), st.sampled_from("kl")),
        max_size=14,
    )
)
def test_what_is_told_holds(tries: list[tuple[int, str, str]]) -> None:
    # A key is of one kernel.
    steps = [f"6.12.{n} {mark}/{n}{key}" for n, mark, key in tries]
    (line, *_) = lines(*steps, config=config("6.12.*"))
    standings = {one.version: one for one in line.standings}
    found: list[Regression] = regressions_of([line])
    for one in found:
        assert not standings[one.first].is_good
        assert not standings[one.last].is_good
        assert one.is_current or standings[one.fixed_in or ""].is_good
        assert one.good is None or one.good.result.is_good
    assert len([one for one in found if one.is_current]) <= 1
    is_bad = line.newest is not None and not line.newest.is_good
    was_good = any(one.is_good for one in line.standings)
    if is_bad and was_good:
        assert any(one.is_current for one in found) or line.episodes[0] is line.episodes[-1]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ZPMAINT_HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    folder.mkdir()
    rows = "".join(
        f'[[kernel]]\nversion = "{name}"\nsources = ["mirror"]\n' for name in ("6.12.*",)
    )
    (folder / "kernels.toml").write_text(
        f'patch = "one"\nproject = "one"\n[sources.mirror]\nkind = "git"\nwhere = "/none"\n{rows}'
    )
    (folder / "patches" / "one").mkdir(parents=True)
    (folder / "patches" / "one" / "patch.toml").write_text(
        'title = "One"\nauthor = "A"\norigin = "https://example.org"\nintent = "One."\n'
        'leaves = []\n[[anchor]]\nfile = "a.patch"\nversion = "6.12.1"\n'
        'base = "6.12.1"\nwhy = "it is"\n'
    )
    (folder / "patches" / "one" / "a.patch").write_text(changed(b"old\n", b"new\n"))
    return folder


def asked(project: Path, *words: str) -> tuple[int, str]:
    words = ("--project", str(project), "regressions", *words)
    done = CliRunner().invoke(cli, words, standalone_mode=False)
    assert done.exception is None, done.exception
    return done.return_value, done.output


def test_the_command_tells_news_from_none(project: Path) -> None:
    places = Places.find(project)
    places.state.mkdir(parents=True)

    def keep(version: str, result: Result, **inputs: str) -> None:
        with Ledger(places.state / "ledger.sqlite") as ledger:
            ledger.record(
                record(
                    version, result, patchset="one", project="one", inputs=inputs,
                    key=f"{version} {sorted(inputs.items())}",
                )
            )  # fmt: skip

    nothing = "nothing was verified yet: nothing is known to be worse, or well\n"
    assert asked(project) == (0, nothing)
    keep("6.12.1", Result.PASS, asked="1", code="a", tools="t")
    assert asked(project) == (0, "nothing is worse now\n")
    keep("6.12.5", Result.FAIL, asked="5", code="b", tools="t")
    status, text = asked(project, "--json")
    assert status == 1
    (row,) = json.loads(text)
    wanted: dict[str, Any] = {
        "kind": "result", "first": "6.12.5", "last_good": "6.12.1", "untested_between": 3,
        "turned_by": "kernel", "other_inputs": ["code"], "current": True,
        "next_step": "zpmaint bisect 6.12.1 6.12.5 --patch one",
    }  # fmt: skip
    assert {name: row[name] for name in wanted} == wanted
    assert asked(project, "6.1.y") == (0, "nothing is worse now\n")
    assert "zpmaint bisect 6.12.1 6.12.5" in asked(project, "6.12.y")[1]
    found = regressions(Session.open(places, SILENT))
    assert [one.regression.first for one in shown_by(found, {"6.12.5", "6.12.4"})] == ["6.12.5"]
    assert shown_by(found, {"6.12.1"}) == []
    keep("6.12.6", Result.PASS, asked="6", code="b", tools="t")
    assert asked(project)[0] == 0
    status, text = asked(project, "--all", "--json")
    assert status == 0
    assert json.loads(text)[0]["fixed_in"] == "6.12.6"


@pytest.mark.parametrize(("figures", "lines"), [(3, 4), (4, 2)])
def test_many_figures_are_one_line_behind_a_run(
    figures: int, lines: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [RegressionKind.RESULT, *[RegressionKind.COST] * figures]
    made = [
        SimpleNamespace(
            words=f"{number}",
            regression=SimpleNamespace(
                kind=kind, first=f"6.12.{number}", last="", is_current=True,
                line=SimpleNamespace(patchset="toy", name="6.12"),
            ),
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    monkeypatch.setattr(cli_matrix, "regressions", lambda session: made)
    said: list[str] = []
    context = SimpleNamespace(
        session=None, err=SimpleNamespace(print=lambda text, **more: said.append(text))
    )
    cli_matrix._regressed(context, {f"6.12.{number}" for number in range(9)})  # type: ignore[arg-type]
    assert len(said) == lines
    assert said[0] == "regression: toy 6.12: 0"
    assert (said[-1] == "4 figures on 4 kernels are higher than before: `zpmaint regressions` "
            "lists them") is (figures > 3)  # fmt: skip
