# SPDX-License-Identifier: GPL-2.0-only
"""A power cut at every moment of a landing: then the old is there, or the new, or it is made anew.

What the landings do is recorded by strace; what a cut may leave of it is `lab_disk`'s to say. More
of them: ZPMAINT_CUTS=100 pytest tests/test_lab_cuts.py, which is how many random ones there are at
every moment.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_disk import Cut, Disk, Kind, Names, Run, Sync, Write
from lab_landings import LANDINGS, NEW, OLD, Landing
from lab_trace import record

from zpmaint.core import ends

HERE = Path(__file__).parent
SOME = int(os.environ.get("ZPMAINT_CUTS", "2"))
SEED = int(os.environ.get("ZPMAINT_CUTS_SEED", "1"))

_counted: dict[str, int] = {}


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where asking for the disk costs nothing; else on the disk."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shm, prefix="zpmaint-lab-") as name:
        yield Path(name)


def recorded(name: str, tmp_path: Path) -> Run:
    top = tmp_path / "top"
    top.mkdir()
    LANDINGS[name].before(top)
    (top / ".ends").mkdir(exist_ok=True)
    command = [sys.executable, str(HERE / "lab_landings.py"), name, str(top)]
    return record(command, top, tmp_path / "trace")


def after_the_cut(landing: Landing, disk: Disk, place: Path) -> object:
    """What the next run reads, on a machine that was started again."""
    place.mkdir()
    disk.lay_out(place)
    end = ends.begin(place)
    try:
        return landing.read(place)
    finally:
        end()
        shutil.rmtree(place)


def check(name: str, run: Run, memory: Path, some: int = SOME) -> list[str]:
    """The cuts after which something else is read than may be."""
    landing, bad = LANDINGS[name], []
    for number, (word, disk) in enumerate(run.cuts(some, SEED)):
        _counted[name] = number + 1
        found: object = None
        try:
            found = after_the_cut(landing, disk, memory / "cut")
            good = found in landing.good
        except Exception as error:
            found, good = error, False
        if not good:
            bad.append(f"{word}: {str(found)[:200]}")
    return bad


@pytest.fixture(autouse=True)
def _started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "boot").write_text("started again\n")
    monkeypatch.setattr(ends, "_BOOT_ID", tmp_path / "boot")


@pytest.mark.slow
@pytest.mark.parametrize("name", LANDINGS)
def test_a_cut_at_any_moment(name: str, tmp_path: Path, memory: Path) -> None:
    run = recorded(name, tmp_path)
    top = tmp_path / "top"
    assert LANDINGS[name].read(top) == LANDINGS[name].good[-1], "done whole it is not there"
    bad = check(name, run, memory)
    assert not bad, f"{len(bad)} of {_counted[name]} cuts: {bad[:5]}"
    assert _counted[name] >= 60
    print(f"{name}: {len(run.operations)} operations, {_counted[name]} cuts")


def test_there_are_a_thousand(tmp_path: Path) -> None:
    """Of all landings together, counted without reading any."""
    total = 0
    for name in LANDINGS:
        (tmp_path / name).mkdir()
        total += (len(recorded(name, tmp_path / name).operations) + 1) * (4 + SOME)
    assert total >= 1000


@pytest.mark.parametrize("name", ["tree", "more-of-a-tree", "image", "archive", "value"])
def test_a_disk_that_lies_is_found_out(name: str, tmp_path: Path, memory: Path) -> None:
    """Had nothing been asked for, or had the disk kept nothing of it: what has a digest is still
    never read wrong. Only that the machine went down has to be known."""
    run = recorded(name, tmp_path)
    marked = next(n for n, one in enumerate(run.operations) if isinstance(one, Write)) + 3
    kept = [one for n, one in enumerate(run.operations) if n < marked or not isinstance(one, Sync)]
    landing = LANDINGS[name]
    good = (*landing.good, None) if name == "value" else landing.good
    for word, disk in Run(run.before, tuple(kept)).cuts(1, SEED):
        assert after_the_cut(landing, disk, memory / "cut") in good, word


def test_a_file_without_a_digest_would_be_read_wrong(tmp_path: Path, memory: Path) -> None:
    """So the cuts tell: with what was asked for taken out of the recording."""
    run = recorded("file", tmp_path)
    kept = tuple(one for one in run.operations if not isinstance(one, Sync))
    assert check("file", Run(run.before, kept), memory)


# The laboratory itself: it has to find what is wrong.


def toy(*operations: object) -> Run:
    disk = Disk()
    old = disk.new(Kind.FILE)
    disk.names[0, "file"] = old
    disk.contents[old] = OLD
    disk.new(Kind.FILE)  # number 2: the temporary one
    return Run(disk, operations)  # type: ignore[arg-type]


MADE, WRITTEN = Names(((0, "t", 2),)), Write(2, 0, NEW)
RENAMED = Names(((0, "t", None), (0, "file", 2)))


def left(run: Run) -> set[bytes | None]:
    return {
        disk.contents.get(disk.names[0, "file"], b"") if (0, "file") in disk.names else None
        for _, disk in run.cuts(40, 1)
    }


def test_a_landing_that_asks_for_nothing_is_caught() -> None:
    found = left(toy(MADE, WRITTEN, RENAMED))
    assert {b"", bytes(len(NEW)), OLD, NEW} <= found


def test_a_landing_that_asks_for_its_content_is_whole() -> None:
    assert left(toy(MADE, WRITTEN, Sync(2), RENAMED, Sync(0))) == {OLD, NEW}


def test_a_landing_that_asks_for_its_name_is_there() -> None:
    run = toy(MADE, WRITTEN, Sync(2), RENAMED, Sync(0))
    assert run.certain(5) == [True, True, False, True, False]
    assert run.certain(4) == [False, True, False, False]


def test_writing_in_place_is_caught() -> None:
    assert len(left(toy(Cut(1, 0), Write(1, 0, NEW), Sync(1)))) > 3


def test_what_was_recorded_is_what_was_done(tmp_path: Path) -> None:
    """The disk of the laboratory ends as the real one did."""
    run = recorded("tree", tmp_path)
    real = Disk.of(tmp_path / "top")
    ours = run.after()

    def laid(disk: Disk, name: str) -> dict[str, bytes]:
        place = tmp_path / name
        place.mkdir()
        disk.lay_out(place)
        files = (p for p in place.rglob("*") if p.is_file() and ".ends" not in p.parts)
        return {str(p.relative_to(place)): p.read_bytes() for p in files if ".lock" not in p.name}

    first, second = laid(real, "real"), laid(ours, "ours")
    assert first == second
