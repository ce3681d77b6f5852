# SPDX-License-Identifier: GPL-2.0-only
"""A matrix within a budget: room is asked for, and what it frees is made again."""

from __future__ import annotations

from pathlib import Path

import pytest

from zpmaint.app import matrix, room
from zpmaint.app.room import Room
from zpmaint.app.session import Session
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.matrix.plan import Due

shops = pytest.importorskip("test_app_verify")
pytestmark = shops.pytestmark


def test_a_run_asks_for_room_and_what_it_frees_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind the record all goes that may; the run is not ended by it, and the next build begins
    from nothing."""
    shop = shops.Shop(tmp_path, monkeypatch)
    asked: list[tuple[int, tuple[str, ...]]] = []
    real = Room.__call__

    def full(self: Room, wanted: int, in_use: tuple[Due, ...], whole: bool) -> int:
        asked.append((wanted, tuple(str(due.version) for due in in_use)))
        # Behind the record the disk is full by more than there is of all.
        monkeypatch.setattr(room, "disk_free", lambda _: 10**10 if wanted else -(10**9))
        return real(self, wanted, in_use, whole)

    monkeypatch.setattr(Room, "__call__", full)
    session = Session.open(Places(shop.project, shop.home / "cache", shop.home / "state"), SILENT)
    planned = matrix.plan_matrix(session)
    ran = matrix.run_dues(session, planned.dues)
    assert [str(one.record.result) for one in ran.done if one.record] == ["pass"], ran
    before = [wanted for wanted, in_use in asked if in_use == ("6.12.107",)]
    assert before and all(before), "each step says what it wants"
    assert asked[-1] == (0, ()), "and behind the record"
    work = shop.home / "cache/work"
    assert not list(work.glob("[!.]*-x86_64-*")), "images go, too, where the disk is that full"
    status, _, err = shop.run("build", "6.12.107")
    assert status == 0, err
    assert list(work.glob("*-x86_64-*/obj"))
