# SPDX-License-Identifier: GPL-2.0-only
"""Parts of a set's kernels: what is kept of them is what would be made, or it is not taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger_fixtures import NOON, SET, modern_deltas, passing, record, samples
from publish_fixtures import Held, config, patchset
from site_fixtures import every_config, every_outlook, every_set, every_state
from test_publish_costs import measured
from test_publish_costs import shipped as with_panels

from zpmaint.core.config import Config
from zpmaint.core.releases import UNSEEN, Outlook, Release
from zpmaint.core.result import Result
from zpmaint.ledger import codec
from zpmaint.ledger.store import Ledger
from zpmaint.ledger.values import Record
from zpmaint.patchset.values import PatchSet
from zpmaint.publish.grouping import Parts, newest_first
from zpmaint.publish.kept import KeptParts
from zpmaint.publish.part import PartOfSet
from zpmaint.publish.plan import pages_of
from zpmaint.publish.reading import InLedger
from zpmaint.publish.site import Material, assembled
from zpmaint.publish.values import Piece

DAY = 86_400.0
PROGRAM = "this one"


@dataclass
class World:
    """All that a site is made of."""

    records: list[Record] = field(default_factory=list)
    config: Config = field(default_factory=config)
    info: PatchSet = field(default_factory=patchset)
    outlook: Outlook = UNSEEN
    now: float = NOON
    base_url: str = ""

    def site(self, kept: KeptParts) -> tuple[dict[str, Any], list[PartOfSet], Held]:
        """By address what each page is made of, of pages of the whole site their bytes."""
        ledger = Held(self.records)
        material = Material(
            self.config, [self.info], self.now, base_url=self.base_url, outlook=self.outlook
        )
        made, parts = assembled(InLedger(ledger), material, kept)
        own = {page.address for part in parts for page in part.pages()}
        found = {p.address: p.inputs if p.address in own else p.make() for p in pages_of(made)}
        return found, parts, ledger


def fresh() -> KeptParts:
    return KeptParts(None, PROGRAM)


def kept_of(world: World, folder: Path) -> KeptParts:
    """What is kept of a site; checked against one that is made anew."""
    kept = KeptParts(folder, PROGRAM)
    found, parts, _ = world.site(kept)
    assert found == world.site(fresh())[0]
    for part in parts:
        part.keep()
    return kept


VERSIONS = [
    "6.12.1", "6.12.2", "6.12.10", "6.11.9", "6.1.3", "6.1.200", "7.1.4", "7.2.1", "7.2-rc3",
    "2.6.21", "2.6.21.3", "next-20261120", "6.12.2-1", "no kernel at all",
]  # fmt: skip
RESULTS = [Result.PASS, Result.FAIL, Result.INFRA, Result.NO_REGRESSION, Result.CONFLICT]
STEPS = st.one_of(
    st.tuples(
        st.just("record"), st.sampled_from(VERSIONS), st.sampled_from(RESULTS),
        st.sampled_from(["x86_64", "i386"]), st.sampled_from(["", "debug"]),
        st.sampled_from(["k", "other"]),
    ),
    st.tuples(st.just("measured"), st.sampled_from(VERSIONS), st.sampled_from([900.0, 2400.0])),
    st.tuples(st.just("gone")),
    st.tuples(st.just("later"), st.sampled_from([60.0, 2 * DAY, 40 * DAY, -DAY])),
    st.tuples(st.just("out"), st.sampled_from(VERSIONS), st.booleans()),
    st.tuples(st.just("schedule"), st.sampled_from([60.0, DAY, 30 * DAY])),
    st.tuples(st.just("confirmed"), st.sampled_from(["k", "other"])),
    st.tuples(st.just("lines"), st.sampled_from([("6.12.*", "7.*"), ("7.2.*", "6.1.200"), ()])),
    st.tuples(st.just("address"), st.sampled_from(["", "https://example.org/zp"])),
)  # fmt: skip


def step(world: World, what: str, *more: Any) -> None:
    """One thing that happens to the world."""
    seen = world.outlook
    match what:
        case "record":
            version, result, arch, profile, key = more
            at = NOON + 60 * len(world.records)
            one = record(version, result, arch=arch, key=key, started=at)
            world.records.append(replace(one, profile=profile))
        case "measured":
            at = NOON + 60 * len(world.records)
            one = measured(more[0], 900.0, more[1])
            world.records.append(replace(one, key=f"m{at}", finished=at, turn=0.0))
        case "gone":
            del world.records[:1]
        case "later":
            world.now += more[0]
        case "out":
            one_out = Release(
                more[0], more[0].rpartition(".")[0], seen=world.now, first_seen=world.now - DAY,
                eol=more[1],
            )  # fmt: skip
            world.outlook = replace(seen, releases=(*seen.releases, one_out), looked=world.now)
        case "schedule":
            world.outlook = replace(seen, within=more[0])
        case "confirmed":
            world.outlook = replace(seen, confirmed=seen.confirmed | {more[0]: world.now})
        case "lines":
            world.config = config(*more[0])
        case "address":
            world.base_url = more[0]


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_what_is_kept_gives_the_site_that_is_made_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Any, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("site") / "kept"
    world = World(info=with_panels())
    for what, *more in steps:
        step(world, what, *more)
        kept_of(world, folder)


def test_every_state_of_a_line_is_kept_as_it_is(tmp_path: Path) -> None:
    world = World(every_state(), every_config(), every_set(), every_outlook(), NOON + DAY)
    kept = kept_of(world, tmp_path / "kept")
    found, parts, ledger = world.site(kept)
    assert found == world.site(fresh())[0]
    assert ledger.read == [] and len(parts) > 10
    told = [codec.to_json(part.glance) for part in parts]
    assert told == [codec.to_json(part.glance) for part in world.site(fresh())[1]]


def test_a_new_record_is_read_with_its_own_part_alone(tmp_path: Path) -> None:
    world = World(samples())
    kept = kept_of(world, tmp_path / "kept")
    told = len(world.site(kept)[1])
    new = passing("6.12.108", modern_deltas(900, 2400, 2200, 2300), key="new", finished=NOON + 1e5)
    world.records.append(new)
    found, parts, ledger = world.site(kept)
    # The first kernel of the next newer series is compared with this one: that part is told anew.
    assert set(ledger.read) <= {"new", "key-6.12.107", "key-7.3-rc7"}
    assert found == world.site(fresh())[0] and len(parts) == told


def test_a_look_at_what_is_out_makes_no_part_anew(tmp_path: Path) -> None:
    world = World(every_state(), every_config(), every_set(), every_outlook(), NOON + DAY)

    def look(when: float) -> None:
        seen = tuple(replace(one, seen=when) for one in world.outlook.releases)
        world.outlook = replace(world.outlook, releases=seen, looked=when)

    look(NOON)
    kept = kept_of(world, tmp_path / "kept")
    before, parts, _ = world.site(kept)
    look(NOON + DAY - 60)
    after, again, ledger = world.site(kept)
    assert after == world.site(fresh())[0]
    assert [one.told for one in again] == [one.told for one in parts] and ledger.read == []
    changed = {address for address, made in after.items() if made != before[address]}
    assert changed == {"index.html", "status.json"}


def test_a_new_figure_is_read_with_its_own_part_alone(tmp_path: Path) -> None:
    records = [measured(f"6.{minor}.{n}", 900.0) for minor in (1, 6, 12) for n in (1, 2)]
    world = World(records, info=with_panels())
    kept = kept_of(world, tmp_path / "kept")
    before = world.site(kept)[0]
    world.records.append(
        replace(measured("6.6.2", 900.0, 2401.0), key="new", finished=NOON + 9e4, turn=0.0)
    )
    after, _, ledger = world.site(kept)
    assert after == world.site(fresh())[0]
    # The first kernel of the next newer series is compared with this one.
    assert set(ledger.read) <= {"new", "key-6.12.2"}
    changed = {address for address, made in after.items() if made != before.get(address)}
    assert {f"{SET}/costs.html", f"{SET}/costs.csv", f"{SET}/index.html"} <= changed


@pytest.mark.parametrize("piece", list(Piece))
def test_a_piece_that_is_damaged_is_made_anew(tmp_path: Path, piece: Piece) -> None:
    world = World([measured("6.12.1", 900.0), measured("6.12.2", 2400.0)], info=with_panels())
    kept = kept_of(world, tmp_path / "kept")
    [path] = (tmp_path / "kept").glob("*-6.12.part")
    place = kept.part(path.stem).pieces[piece]
    data = bytearray(path.read_bytes())
    if place.size:
        data[place.first + place.size // 2] ^= 1
    path.write_bytes(data)
    assert world.site(kept)[0] == world.site(fresh())[0]


Spoil = Callable[[bytes], bytes]
SPOILED: dict[str, Spoil] = {
    "cut": lambda data: data[: len(data) // 2],
    "empty": lambda _: b"",
    "a byte": lambda data: data.replace(b"6.12", b"6.13", 1),
    "another program": lambda data: data.replace(PROGRAM.encode(), b"another", 1),
    "not ours": lambda _: b"\x80\x04what a pickle begins with",
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_damaged_or_of_other_code_is_made_anew(tmp_path: Path, how: str) -> None:
    world = World(samples())
    kept_of(world, tmp_path / "kept")
    files = sorted((tmp_path / "kept").iterdir())
    assert {path.suffix for path in files} == {".part", ".facts"}
    for path in files:
        path.write_bytes(SPOILED[how](path.read_bytes()))
    kept = KeptParts(tmp_path / "kept", PROGRAM)
    found, parts, ledger = world.site(kept)
    if how != "a byte":  # a file without these bytes is as it was
        read = {r.version for r in samples() if r.key in ledger.read}
        assert read == {name[0] for part in parts for name in part.names}
    assert found == world.site(fresh())[0]


def test_what_is_whole_and_lies_about_its_shape_is_none(tmp_path: Path) -> None:
    world = World(samples())
    kept_of(world, tmp_path / "kept")
    kept = KeptParts(tmp_path / "kept", PROGRAM)
    for path in (tmp_path / "kept").iterdir():
        kept._write(path.name, b'{"of": "x", "base": [1]}\n[]\nmore')
    assert world.site(kept)[0] == world.site(fresh())[0]


def test_parts_that_are_no_more_are_forgotten(tmp_path: Path) -> None:
    world = World(samples())
    kept = kept_of(world, tmp_path / "kept")
    names = {path.stem for path in (tmp_path / "kept").iterdir()}
    kept.keep_only(names - {f"{SET}-6.12"})
    assert {path.stem for path in (tmp_path / "kept").iterdir()} == names - {f"{SET}-6.12"}


@pytest.mark.parametrize(
    ("tracked", "version", "name"),
    [
        ((), "6.12.107", "6.12"),
        ((), "7.2-rc3", "7.2"),
        ((), "2.6.21.3", "2.6.21"),
        ((), "next-20261120", "next"),
        ((), "6.12.107-1", "6.12"),
        ((), "none", "else"),
        (("7.*",), "7.2.1", "7"),
        (("7.2.*", "7.*"), "7.2.1", "7"),
        (("2.6.*",), "2.6.21", "2.6"),
        (("6.12.107",), "6.12.107", "6.12"),
    ],
)
def test_a_kernels_part_has_its_series_and_its_lines(
    tracked: tuple[str, ...], version: str, name: str
) -> None:
    parts = Parts(config(*(tracked or ("3.0.*",))))
    part = parts.of(SET, version)
    assert part.name == name
    assert {found for found, _ in parts.tables()} == {part} or not tracked


def test_parts_stand_as_their_kernels_were_made() -> None:
    parts = Parts(config("7.*"))
    found = newest_first({parts.of(SET, version) for version in VERSIONS})
    assert [part.name for part in found] == ["next", "7", "6.12", "6.11", "6.1", "2.6.21", "else"]


def test_a_kernels_state_is_another_one_with_each_of_its_records(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.sqlite") as ledger:
        for one in samples():
            ledger.record(one)
        before = InLedger(ledger).states
        assert before == InLedger(ledger).states
        ledger.record(record("6.12.107", Result.FAIL, key="later", started=9e9))
        after = InLedger(ledger).states
    assert [name[0] for name in before if before[name] != after[name]] == ["6.12.107"]
    assert before.keys() == after.keys()
