# SPDX-License-Identifier: GPL-2.0-only
"""A port that is less sure than is asked for is held back, and says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.port_fixtures import PATH, V, anchor, diff, outcome, patchset
from tests.series_fixtures import quilt_folder
from zpmaint.core.eras import Era
from zpmaint.diffs.series import load_series
from zpmaint.patchset.values import Adoption, Anchor
from zpmaint.port.engine import port
from zpmaint.port.series import port_series
from zpmaint.port.values import Fate, Port, State

BASE = """int one(int a)
{
	first(a);
	second(a);
	third(a);
	return a;
}

int two(int a)
{
	fourth(a);
	fifth(a);
	sixth(a);
	return a;
}
"""
PATCHED = BASE.replace("	second(a);\n", "	second(a);\n	mine(a);\n").replace(
    "	sixth(a);\n", "	sixth(a, 1);\n"
)
TARGET = BASE.replace("	third(a);\n", "	third(a, 2);\n")
"""Upstream changed the line beside the first hunk's; the second goes where it was."""


def carried(least: float, *anchors: Anchor, target: str = TARGET, adopted: bool = False) -> Port:
    adoptions = (Adoption(Era(), ("0" * 12,), "why"),) if adopted else ()
    chosen = patchset(*(anchors or (anchor(diff(BASE, PATCHED)),)), adoptions=adoptions)
    return port(
        replace(chosen, min_confidence=least),
        V("2.6.21"),
        {"a": {PATH: BASE.encode()}, "b": {PATH: TARGET.encode()}},
        {PATH: target.encode()},
    )


def test_a_port_is_held_back_whose_least_sure_hunk_is_below() -> None:
    free = carried(0.0)
    assert free.state is State.PORTED and 0 < free.confidence < 1
    (first, second) = free.files[0].hunks
    assert first.confidence < second.confidence

    held = carried(free.confidence + 0.01)
    assert (held.state, held.patch, held.files[0].result) == (State.CONFLICT, "", None)
    (low, high) = held.files[0].hunks
    assert low.is_held_back and low.confidence == first.confidence
    assert f"({first.placed}), {free.confidence + 0.01:.2f} is asked for: {first.why}" in low.why
    assert high == second == carried(second.confidence).files[0].hunks[1]
    assert held.why.startswith(f"held back: 1 of 2 hunks: {first.header}")
    assert "zpmaint port 2.6.21 --min-confidence 0" in held.why


def test_as_sure_as_is_asked_for_is_sure_enough() -> None:
    free = carried(0.0)
    assert carried(free.confidence).patch == free.patch
    assert carried(1.0, target=BASE).state is State.APPLIES


def test_what_no_strategy_places_is_a_conflict_as_before() -> None:
    target = BASE.replace("second(a)", "another(b)")
    assert carried(0.9, target=target) == carried(0.0, target=target)


def test_an_adoption_that_a_person_declared_is_not_held_back() -> None:
    assert carried(1.0, target=PATCHED, adopted=True).state is State.UPSTREAM


def test_an_anchor_that_is_surer_takes_its_place() -> None:
    """As where a person has read the port, and made it an anchor."""
    done = carried(0.0)
    own = anchor(diff(TARGET, outcome(done)), "b", version="2.6.18")
    both = carried(1.0, anchor(diff(BASE, PATCHED)), own)
    assert (both.state, both.anchor) == (State.APPLIES, "b")


@pytest.mark.parametrize("keep_going", [False, True])
def test_a_patch_of_a_series_is_held_back(tmp_path: Path, keep_going: bool) -> None:
    more = PATCHED.replace("	mine(a);\n", "	mine(a, 3);\n")
    folder = quilt_folder(
        tmp_path / "in", {"1.patch": diff(BASE, PATCHED), "2.patch": diff(PATCHED, more)}
    )

    def fates(least: float) -> list[Fate]:
        blobs = ({PATH: BASE.encode()}, {PATH: TARGET.encode()})
        ports = list(
            port_series(load_series(folder), *blobs, keep_going=keep_going, min_confidence=least)
        )
        if least:
            assert ports[0].data == b"" and not ports[0].goes_in
            assert ports[0].why.startswith("held back: 1 of 2 hunks: mm/toy.c @@")
            assert [h.placed for h in ports[0].files[0].hunks] == ["conflict", "exact"]
        return [done.fate for done in ports]

    assert fates(0.0)[0] is Fate.PORTED
    # The second speaks of lines that only the first brings: it does not find them.
    assert fates(0.95) == [Fate.CONFLICT, Fate.CONFLICT if keep_going else Fate.UNTRIED]
