# SPDX-License-Identifier: GPL-2.0-only
"""What is freed first, as values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zpmaint.core.amounts import bytes_of, shown
from zpmaint.core.errors import UserError
from zpmaint.matrix.room.kinds import Standing, declared
from zpmaint.matrix.room.worth import Shared, Store, Thing, by_worth, to_free

ROWS = declared()
KINDS = {kind.name: kind for kind in ROWS.kinds}
DAY = 86400.0
NOW = 1_000 * DAY
MB = 10**6


def thing(
    kind: str,
    version: str = "6.12.107",
    mb: int = 100,
    *,
    standing: Standing = Standing.OTHER,
    days: float = 0.0,
    **more: bool,
) -> Thing:
    return Thing(
        f"{kind}:{version}", KINDS[kind], version, mb * MB, mb * MB, NOW - days * DAY, standing,
        **more,
    )  # fmt: skip


def order(*things: Thing) -> list[str]:
    return [one.id for one in by_worth(Store(things), ROWS, NOW)]


def test_every_row_has_a_reason() -> None:
    assert all(kind.why for kind in ROWS.kinds)
    assert set(ROWS.chances) == set(Standing)
    assert all(chance.why for chance in ROWS.chances.values())


def test_of_one_kernel_what_is_made_soonest_goes_first() -> None:
    found = order(
        thing("images", mb=20), thing("archive", mb=150), thing("tree", mb=500),
        thing("objects", mb=400), thing("damaged", mb=1),
    )  # fmt: skip
    assert [name.partition(":")[0] for name in found] == [
        "damaged", "tree", "objects", "archive", "images",
    ]  # fmt: skip


def test_kernels_go_by_what_they_are_to_the_project() -> None:
    things = [
        thing("tree", name, standing=Standing(standing), days=days)
        for name, standing, days in (
            ("due", "due", 9), ("base", "base", 90), ("tracked", "tracked", 90),
            ("today", "other", 0), ("old", "other", 9),
        )
    ]  # fmt: skip
    assert order(*things) == ["tree:old", "tree:today", "tree:tracked", "tree:base", "tree:due"]


def test_what_took_long_is_worth_more() -> None:
    slow = replace(thing("objects", "6.1.1"), learned=4000.0)
    assert order(slow, thing("objects", "6.1.2")) == ["objects:6.1.2", "objects:6.1.1"]
    quick = replace(thing("objects"), learned=0.1)
    assert quick.seconds == KINDS["objects"].seconds, "all was there already: that says nothing"


def test_shared_bytes_are_free_once_all_names_are() -> None:
    tree, objects = replace(thing("tree"), own=0), replace(thing("objects"), own=10 * MB)
    store = Store((tree, objects), (Shared(500 * MB, frozenset({tree.id, objects.id})),))
    assert store.bytes == 510 * MB
    assert to_free(store, 20 * MB, ROWS, NOW).bytes == 510 * MB
    assert to_free(store, 5 * MB, ROWS, NOW).things == (objects,)
    busy = replace(store, things=(replace(tree, is_in_use=True), objects))
    assert to_free(busy, 20 * MB, ROWS, NOW).bytes == 10 * MB, "the tree keeps its bytes"


def test_a_large_thing_spares_the_small_before_it() -> None:
    small = [thing("tree", f"6.1.{n}", 10, standing=Standing.OTHER, days=30) for n in range(3)]
    large = thing("tree", "6.2", 500)
    assert to_free(Store((*small, large)), 500 * MB, ROWS, NOW).things == (large,)


def test_ccache_goes_in_part() -> None:
    ccache = replace(thing("ccache", "", 1000, standing=Standing.NONE), is_divisible=True)
    freed = to_free(Store((ccache,)), 300 * MB, ROWS, NOW)
    assert (freed.bytes, freed.part) == (300 * MB, 300 * MB)
    assert to_free(Store((ccache,)), 2000 * MB, ROWS, NOW).part == 0, "all of it"


things_of = st.lists(
    st.builds(
        thing,
        st.sampled_from(sorted(set(KINDS) - {"ccache"})),
        st.uuids().map(str),
        st.integers(0, 2000),
        standing=st.sampled_from(Standing),
        days=st.floats(0, 400),
        is_in_use=st.booleans(),
    ),
    max_size=8,
)


@given(things_of, st.integers(0, 5000), st.data())
def test_what_is_chosen_is_enough_needed_and_allowed(
    things: list[Thing], wanted_mb: int, data: st.DataObject
) -> None:
    ids = [one.id for one in things]
    shared = tuple(
        Shared(mb * MB, frozenset(holders))
        for mb, holders in data.draw(
            st.lists(
                st.tuples(st.integers(0, 900), st.sets(st.sampled_from(ids), min_size=1)),
                max_size=3,
            )
            if ids
            else st.just([])
        )
    )
    spared = set(
        data.draw(st.sets(st.sampled_from([one.version for one in things]))) if ids else ()
    )
    store, wanted = Store(tuple(things), shared), wanted_mb * MB

    def bytes_without(gone: list[Thing]) -> int:
        names = {one.id for one in gone}
        return sum(one.own for one in gone) + sum(s.bytes for s in shared if s.holders <= names)

    freed = to_free(store, wanted, ROWS, NOW, spared)
    chosen = list(freed.things)
    assert freed.bytes == bytes_without(chosen)
    allowed = [
        one for one in things
        if one.kind.is_freed and not one.is_in_use and one.version not in spared
    ]  # fmt: skip
    assert {one.id for one in chosen} <= {one.id for one in allowed}
    assert freed.bytes >= min(wanted, bytes_without(allowed))
    if freed.bytes >= wanted:
        for one in chosen:
            assert bytes_without([other for other in chosen if other is not one]) < wanted


@pytest.mark.parametrize(
    ("text", "count"),
    [("6 GB", 6 * 10**9), ("500M", 500 * MB), ("1.5 GiB", 3 << 29), ("1000", 1000), ("2kb", 2000)],
)
def test_amounts_are_read(text: str, count: int) -> None:
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "GB", "-1 GB", "6 XB", "6 i", "1e9", "6 GB GB", "٣ GB"])
def test_what_is_no_amount_is_told(text: str) -> None:
    with pytest.raises(UserError, match="no amount"):
        bytes_of(text)


def test_amounts_are_shown() -> None:
    assert [shown(n) for n in (0, 999, 1500, 999_600, 12 * MB, 999_600_000, 6 * 10**9)] == [
        "0 B", "999 B", "2 kB", "1 MB", "12 MB", "1.0 GB", "6.0 GB",
    ]  # fmt: skip
