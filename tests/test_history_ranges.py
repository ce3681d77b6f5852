# SPDX-License-Identifier: GPL-2.0-only
"""Grouping a sweep into ranges, what is declared of a boundary, what a commit touches: pure."""

from __future__ import annotations

import pytest
from port_fixtures import PATH, V, anchor, patchset
from test_port_strategies import FAULT, HEAD

from zpmaint.core.eras import Era
from zpmaint.patchset.values import Adoption
from zpmaint.port.history import declared, differ, manner, ranges, touched_scopes, turns, way
from zpmaint.port.placed import Placed
from zpmaint.port.values import FilePort, HunkPort, Port, State

A, P, U, C = State.APPLIES, State.PORTED, State.UPSTREAM, State.CONFLICT


def port(
    version: str, state: State = A, *placed: str, anchor: str = "a", sure: float = 1.0,
    scope: str = "fault",
) -> Port:  # fmt: skip
    hunks = tuple(HunkPort("@@", scope, Placed(how), sure, "so") for how in placed or ("exact",))
    return Port(V(version), "toy", state, anchor, (FilePort(PATH, hunks),), "", f"why {version}")


def test_offsets_are_no_way_of_their_own() -> None:
    assert way(port("2.6.21", P, "offset", "three-way", "exact")) == "three-way"
    assert way(port("2.6.21", P, "three-way", "identifiers")) == "identifiers, three-way"
    assert way(port("2.6.21", A, "offset")) == ""
    assert way(port("2.6.21", C, "conflict", "three-way")) == ""


def test_ranges_end_where_state_anchor_or_way_change() -> None:
    swept = [
        port("2.6.20"),
        port("2.6.21", A, "offset", sure=0.9),
        port("2.6.22", P, "three-way"),
        port("2.6.23", P, "three-way", "offset"),
        port("2.6.24", P, "identifiers"),
        port("2.6.25", C, "conflict", sure=0.0),
        port("2.6.26", A, anchor="b"),
        port("2.6.27", A),
    ]
    told = ranges(swept)
    spans = [(str(r.first.version), str(r.last.version), len(r.ports)) for r in told]
    assert spans == [
        ("2.6.20", "2.6.21", 2), ("2.6.22", "2.6.23", 2), ("2.6.24", "2.6.24", 1),
        ("2.6.25", "2.6.25", 1), ("2.6.26", "2.6.26", 1), ("2.6.27", "2.6.27", 1),
    ]  # fmt: skip
    assert [p for r in told for p in r.ports] == swept
    assert told[0].weakest.why == "why 2.6.21"
    assert ranges([]) == []


SET = patchset(
    anchor("", "a", "2.6.20", Era(V("2.6.15"), V("2.6.24-rc1"))),
    anchor("", "b", "2.6.32", Era(V("2.6.32-rc1"), None)),
    adoptions=(Adoption(Era(V("2.6.24-rc1"), V("2.6.32-rc1")), ("5" * 40,), "they\ntook it"),),
)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (None, port("2.6.20"), ["anchor a: the first"]),
        (port("2.6.20"), port("2.6.21", P, "three-way"), []),
        (port("2.6.14", C), port("2.6.15"), ["anchor a: the first"]),
        (port("2.6.23"), port("2.6.24-rc1", U), ["adopted upstream (555555555555): they took it"]),
        (port("2.6.24", U), port("2.6.25", C), []),
        (
            port("2.6.31", U),
            port("2.6.32-rc1", anchor="b"),
            ["no longer adopted upstream (555555555555 was, up to here)", "anchor b: the first"],
        ),
        (port("2.6.33", anchor="b"), port("2.6.34", C, anchor="b"), []),
    ],
)
def test_what_is_declared_of_a_boundary(before: Port | None, after: Port, says: list[str]) -> None:
    assert declared(SET, before, after) == says


def test_only_the_touched_scopes_are_compared() -> None:
    scopes = touched_scopes([port("2.6.20"), port("2.6.21")])
    assert scopes == {PATH: frozenset({"fault"})}
    one = {PATH: (HEAD + FAULT).encode()}
    moved = {PATH: ("int x;\n\n" + HEAD.replace("prepare", "ready") + FAULT).encode()}
    edited = {PATH: (HEAD + FAULT.replace("lock(vma)", "hold(vma)")).encode()}
    assert not differ(scopes, one, one)
    assert not differ(scopes, one, moved)
    assert differ(scopes, one, edited)
    assert differ(scopes, one, {PATH: None}) and differ(scopes, {}, one)
    assert not differ(scopes, {}, {PATH: None})
    assert not differ(scopes, one, one | {"mm/other.c": b"new"})


def test_a_hunk_at_file_level_compares_the_whole_file() -> None:
    scopes = touched_scopes([port("2.6.20"), port("2.6.21", scope="")])
    assert scopes == {PATH: None}
    assert differ(scopes, {PATH: (HEAD + FAULT).encode()}, {PATH: (HEAD + FAULT + "\n").encode()})


def test_a_commit_turns_what_none_of_its_parents_has() -> None:
    one, other = manner(port("2.6.20")), manner(port("2.6.20", P, "three-way"))
    assert turns(other, [one])
    assert not turns(one, [one])
    assert not turns(other, [one, other])  # a merge of the side that had it
    assert turns(manner(port("2.6.20", C)), [one, other])  # a merge that made it
    assert not turns(one, [])  # where the history was cut off
