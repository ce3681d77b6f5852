# SPDX-License-Identifier: GPL-2.0-only
"""Room made in caches of toys: what is found, what goes, what stays, and what comes again."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sources_fixtures import kernel_repo, tarball

from zpmaint.app import cache_things, room
from zpmaint.app.cache_freeing import free
from zpmaint.app.cache_sizes import bytes_below
from zpmaint.app.cache_things import Known, find
from zpmaint.app.room import Room, known_of
from zpmaint.app.session import Session
from zpmaint.cli.main import cli
from zpmaint.core.errors import ZpmaintError
from zpmaint.core.files import clear_unfinished
from zpmaint.core.in_use import scope
from zpmaint.core.places import Places
from zpmaint.core.progress import SILENT
from zpmaint.core.sealed import seal, sha256_of
from zpmaint.core.versions import KernelVersion
from zpmaint.matrix.plan import Due
from zpmaint.matrix.room.kinds import Standing
from zpmaint.matrix.room.worth import Store, Thing
from zpmaint.sources.git import GitSource
from zpmaint.sources.tarball import Archive, TarballSource

KB = 1000
_PATCH = """
title = "toy"
author = "the tests"
origin = "made up"
intent = "nothing"
leaves = []
[[anchor]]
file = "a.patch"
version = "6.1.187"
base = "6.1.187"
why = "the only one"
"""
_DIFF = "--- a/mm/memory.c\n+++ b/mm/memory.c\n@@ -1 +1 @@\n-int a;\n+int b;\n"


def filled(path: Path, kilobytes: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * kilobytes * KB)
    return path


def kernel(cache: Path, version: str, *, built: bool = True) -> None:
    """What a verification leaves of a kernel: an archive, a tree, and a work folder whose src/ is
    links to it."""
    seal(filled(cache / f"kernel.org/site/v6.x/linux-{version}.tar.xz", 150))
    tree = cache / f"trees/linux-{version}-0123456789ab"
    for name in ("COPYING", "Makefile", "mm/memory.c"):
        filled(tree / name, 100)
    filled(tree.with_name(f"{tree.name}.manifest"), 5)
    filled(tree.with_name(f"{tree.name}.kept.json"), 1)
    if built:
        work = cache / f"work/{version}-x86_64-modern"
        shutil.copytree(tree, work / "src", copy_function=os.link)
        filled(work / "obj/mm/memory.o", 200)
        filled(work / "objects", 1)
        (work / "source.id").write_text("id")
        filled(work / "images/stock-1", 20)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    project = tmp_path / "project"
    (project / "patches/toy").mkdir(parents=True)
    (project / "patches/toy/patch.toml").write_text(_PATCH)
    (project / "patches/toy/a.patch").write_text(_DIFF)
    configured(project, "")
    cache = tmp_path / "home/cache"
    for version in ("6.12.106", "6.12.107", "6.1.187"):
        kernel(cache, version)
    filled(cache / "work/logs/6.12.107.log", 7)
    filled(cache / "guest/init", 30)
    filled(cache / "work/6.12.106-x86_64-modern/images/.damaged-stock-1", 3)
    return opened(tmp_path)


def configured(project: Path, more: str) -> None:
    (project / "kernels.toml").write_text(
        'patch = "toy"\nproject = "toy"\n[sources.s]\nkind = "kernel.org"\n'
        f'[[kernel]]\nversion = "6.12.*"\nsources = ["s"]\n{more}'
    )


def opened(tmp_path: Path) -> Session:
    home = tmp_path / "home"
    places = Places(tmp_path / "project", home / "cache", home / "state")
    return Session.open(places, SILENT)


def named(store: Store, name: str) -> Thing:
    (found,) = (one for one in store.things if one.id == name)
    return found


WORK, TREE = "work/6.12.107-x86_64-modern", "trees/linux-6.12.107-0123456789ab"


def test_all_of_a_cache_is_found_and_counted_once(session: Session) -> None:
    cache = session.places.cache
    store = find(cache, known_of(session))
    assert sorted(one.id for one in store.things if one.version == "6.12.107") == [
        "archive:kernel.org/site/v6.x/linux-6.12.107.tar.xz", f"images:{WORK}",
        f"objects:{WORK}", f"tree:{TREE}",
    ]  # fmt: skip
    assert {one.version: one.standing for one in store.things if one.version} == {
        "6.12.106": Standing.OTHER, "6.12.107": Standing.TRACKED, "6.1.187": Standing.BASE,
    }  # fmt: skip
    (shared,) = (one for one in store.shared if f"tree:{TREE}" in one.holders)
    assert shared.holders == {f"tree:{TREE}", f"objects:{WORK}"}
    whole = bytes_below(cache)
    assert abs(store.bytes - whole) < 0.1 * whole, "links are counted once"
    assert "build logs:work/logs" in {one.id for one in store.things if not one.kind.is_freed}


def test_what_did_not_change_is_not_counted_again(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = session.places.cache
    first = find(cache, Known())
    walked: list[Path] = []

    def counted(top: Path, **more: frozenset[str]) -> int:
        walked.append(top)
        return bytes_below(top, **more)

    monkeypatch.setattr(cache_things, "bytes_below", counted)
    assert abs(find(cache, Known()).bytes - first.bytes) < 20 * KB, "its own notes came"
    assert not [top for top in walked if top.name in ("src", "obj") or top.parent.name == "trees"]
    filled(cache / f"{WORK}/obj/new.o", 100)
    filled(cache / f"{WORK}/objects", 2)
    assert named(find(cache, Known()), f"objects:{WORK}").own > 250 * KB


def test_each_thing_goes_as_a_whole(session: Session) -> None:
    cache = session.places.cache
    things = [one for one in find(cache, Known()).things if one.kind.is_freed]
    # A work folder's objects are freed before its images: they lie in one folder.
    for one in sorted(things, key=lambda one: one.kind.name == "images"):
        before = bytes_below(cache)
        if (cache / one.id.partition(":")[2]).exists():
            assert free(cache, one)
            assert bytes_below(cache) < before or one.kind.name in ("tree", "objects")
    left = {path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file()}
    assert {name for name in left if not Path(name).name.startswith(".")} == {
        "guest/init", "work/logs/6.12.107.log", "sizes.json",
    }  # fmt: skip


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.mark.parametrize("how", ["mark", "build lock", "unpack lock", "download lock"])
def test_what_is_in_use_stays(session: Session, how: str) -> None:
    cache = session.places.cache
    store = find(cache, Known())
    names = {"mark": f"tree:{TREE}", "build lock": f"objects:{WORK}",
             "unpack lock": f"tree:{TREE}",
             "download lock": "archive:kernel.org/site/v6.x/linux-6.12.107.tar.xz"}  # fmt: skip
    one = named(store, names[how])
    path = cache / one.id.partition(":")[2]
    places = {"build lock": path / ".lock", "unpack lock": path.with_name(f".{path.name}.lock"),
              "download lock": path.with_name(f".{path.name}.part.lock")}  # fmt: skip
    handle = os.open(path.with_name(f".{path.name}.used"), os.O_RDWR | os.O_CREAT)
    try:
        if how == "mark":  # another process's
            fcntl.flock(handle, fcntl.LOCK_SH)
            assert named(find(cache, Known()), one.id).is_in_use
            assert not free(cache, one)
        else:
            with locked(places[how]):
                assert not free(cache, one)
    finally:
        os.close(handle)
    assert path.exists()
    assert free(cache, one)


def test_what_is_never_freed_stays(session: Session) -> None:
    cache = session.places.cache
    (logs,) = (one for one in find(cache, Known()).things if not one.kind.is_freed)
    assert not free(cache, logs)


def test_killed_in_the_middle_nothing_is_half(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = session.places.cache

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    real = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", killed)
    for name in (f"tree:{TREE}", f"images:{WORK}", f"objects:{WORK}"):
        with pytest.raises(KeyboardInterrupt):
            if named(find(cache, Known()), name):
                free(cache, named(find(cache, Known()), name))
        if name.startswith("images"):
            kernel(cache.parent / "again", "6.12.107")
            shutil.copytree(cache.parent / "again" / WORK, cache / WORK)
    assert not (cache / TREE).exists(), "gone by name at once"
    assert not (cache / WORK / "source.id").exists(), "what is left of it is not believed"
    monkeypatch.setattr(shutil, "rmtree", real)
    gone = clear_unfinished(cache)
    assert len(gone) == 2 and not list(cache.rglob("*.freed.*"))


def test_room_is_made_by_worth_and_spares_what_is_asked(session: Session) -> None:
    made = Room(session)
    before = made.store().bytes
    gone = made.free(300 * KB, spared={"6.12.107"})
    assert gone.bytes >= 300 * KB
    assert abs(before - made.store().bytes - gone.bytes) < 20 * KB, "and its own notes"
    assert {one.version for one in gone.things} <= {"6.12.106", ""}, "the former release first"
    everything = made.free(10**12, spared={"6.12.107"})
    left = {one.version for one in made.store().things if one.kind.is_freed}
    assert left == {"6.12.107"} and everything.bytes > 0


def test_a_budget_is_what_may_be_written(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = Room(session).store().bytes
    configured(tmp_path / "project", f'[cache]\nbudget = "{size + 100 * KB}"\n')
    session = opened(tmp_path)
    made = Room(session)
    assert 0 < made.left(fresh=True) <= 100 * KB
    due = Due(KernelVersion.parse("6.12.107"), "x86_64", "toy", ("s",))
    assert made(50 * KB, [due]) <= 100 * KB, "enough: nothing goes"
    assert made.store().bytes >= size
    assert made(500 * KB, [due]) >= 500 * KB
    assert (session.places.cache / TREE).exists(), "what the run is at stays"
    # More than there is: all that may goes, what is left is told, and nothing is raised. It is not
    # tried over and over.
    assert made(10**12, [due]) < 10**12
    monkeypatch.setattr(made, "free", pytest.fail)
    assert made(10**12, [due]) < 10**12
    assert (session.places.cache / TREE).exists()
    monkeypatch.setattr(room, "disk_free", lambda _: 7)
    assert made.left() == 7, "nor more than the disk has"


def test_nothing_goes_for_a_step_that_has_to_wait_all_the_same(
    session: Session, tmp_path: Path
) -> None:
    """What runs may end and leave room: till then ccache would lose its objects for nothing."""
    before = Room(session).store().bytes
    configured(tmp_path / "project", f'[cache]\nbudget = "{before + 100 * KB}"\n')
    made = Room(opened(tmp_path))
    assert 0 < made(10**12, (), whole=True) <= 100 * KB
    assert made.store().bytes >= before
    made = Room(opened(tmp_path))
    assert made(500 * KB, (), whole=True) >= 500 * KB, "that much may go"


def test_a_full_disk_is_no_end_of_freeing(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is noted on the way (sizes, marks) is no condition of it."""

    def full(*_: object, **__: object) -> None:
        raise room.InfraError("no space left on device")

    monkeypatch.setattr("zpmaint.app.cache_sizes.remember", full)
    made = Room(session)
    assert made.free(300 * KB).bytes >= 300 * KB


class Local(TarballSource):
    """A source whose servers are a folder."""

    name = "local"

    def __init__(self, cache: Path) -> None:
        super().__init__(cache)
        self.fetched = 0

    def archive(self, version: KernelVersion) -> Archive:
        path = self.cache / f"kernel.org/local/linux-{version}.tar.xz"
        if not path.is_file():
            self.fetched += 1
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(tarball(str(version)))
            seal(path)
        return Archive(path, sha256_of(path))


def test_what_was_freed_comes_again_in_the_same_session(tmp_path: Path) -> None:
    cache, version = tmp_path / "cache", KernelVersion.parse("6.12.107")
    sources = (Local(cache), GitSource(str(kernel_repo(tmp_path / "r", "6.12.107")), cache))
    for source in sources:
        with scope():
            tree = source.tree(version)
            assert source.speaks_of(version, "SUBLEVEL") in (True, False)
            things = [one for one in find(cache, Known()).things if one.kind.name == "tree"]
            assert [one.is_in_use for one in things] == [True] * len(things)
            assert not any(free(cache, one) for one in things)
        for one in find(cache, Known()).things:
            assert one.is_in_use is False
            free(cache, one)
        assert not tree.exists()
        with scope():
            again = source.tree(version)
            assert (again / "Makefile").is_file()
            found = source.blobs(version, ["Makefile"])["Makefile"]
            assert found is not None and b"SUBLEVEL = 107" in found
        shutil.rmtree(again)
    assert sources[0].fetched == 2


def run(session: Session, *words: str) -> tuple[int, str]:
    done = CliRunner(env={"ZPMAINT_HOME": str(session.places.cache.parent)}).invoke(
        cli, ["--project", str(session.places.project), "cache", *words], standalone_mode=False
    )
    if isinstance(done.exception, ZpmaintError):
        return done.exception.exit_status, done.stdout
    if isinstance(done.exception, click.UsageError):
        return 2, done.stdout
    return done.return_value, done.stdout


def test_the_command(session: Session, tmp_path: Path) -> None:
    status, text = run(session, "--json")
    told = json.loads(text)
    assert status == 0 and told["budget"] is None and told["schema"] == 1
    assert told["things"][0]["kind"] == "damaged", "what goes first is first"
    assert told["bytes"] >= sum(one["bytes"] for one in told["things"])
    assert "6.12.106" in run(session)[1] and "why it is kept" in run(session)[1]
    assert run(session, "free")[0] == 2, "neither --to nor a budget"
    assert run(session, "free", "--to", "many")[0] == 2
    aim = str(told["bytes"] - 300 * KB)
    status, text = run(session, "free", "--to", aim, "--dry-run", "--json")
    dry = json.loads(text)
    assert status == 0 and dry["bytes"] >= 300 * KB
    assert json.loads(run(session, "--json")[1])["bytes"] >= told["bytes"], "nothing went"
    status, text = run(session, "free", "--to", aim, "--json")
    assert status == 0
    assert [one["place"] for one in json.loads(text)["freed"]] == [
        one["place"] for one in dry["freed"]
    ]
    assert json.loads(run(session, "--json")[1])["bytes"] <= int(aim)
    assert run(session, "free", "--to", "0")[0] == 3, "logs stay, and more"
    configured(tmp_path / "project", '[cache]\nbudget = "much"\n')
    assert run(session)[0] == 2
