# SPDX-License-Identifier: GPL-2.0-only
"""Whatever is damaged in the cache is noticed before it is used, and made anew, alone."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from build_fixtures import MEMORY, Toy, toy
from sources_fixtures import Notes, Site, V, kernel_files, site, tarball

from zpmaint.build.values import Pair
from zpmaint.core.ends import begin, epoch_of
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import is_intact, seal, usable
from zpmaint.sources import manifest
from zpmaint.sources.added import added_later
from zpmaint.sources.document import document
from zpmaint.sources.download import download
from zpmaint.sources.http import session
from zpmaint.sources.tarball import Archive, TarballSource
from zpmaint.sources.unpack import unpack

__all__ = ["site", "toy"]  # fixtures

PATCHED = {"mm/memory.c": MEMORY.replace(b"return zero_page", b"return 1 + zero_page")}

Damage = Callable[[Path], None]


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def flipped(path: Path) -> None:
    """One bit, and the times put back: as nobody could tell by looking."""
    status = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def gone(path: Path) -> None:
    path.unlink()


EVERY = pytest.mark.parametrize("damage", [emptied, flipped, cut, zeroed])


def power_cut(cache: Path) -> None:
    """As a machine leaves it that went down in the middle of a run."""
    (cache / ".ends").mkdir(parents=True, exist_ok=True)
    (cache / ".ends/run-1-x").write_text("another boot\n")
    begin(cache)()


class Kernels(TarballSource):
    """A source of one kernel, whose archive is there."""

    name = "toy"

    def __init__(self, folder: Path, notes: Notes) -> None:
        super().__init__(folder / "cache", notes)
        self.path = folder / "linux.tar.xz"
        self.path.write_bytes(tarball("6.12.107"))

    def archive(self, version: object) -> Archive:
        return Archive(self.path, hashlib.sha256(self.path.read_bytes()).hexdigest())

    def versions(self) -> list[object]:
        return [V("6.12.107")]

    def newest(self, series: str) -> object:
        return V("6.12.107")


@pytest.mark.parametrize("damage", [emptied, flipped, cut, zeroed, gone])
def test_a_source_file_is_never_read_damaged(tmp_path: Path, damage: Damage) -> None:
    notes = Notes()
    want = kernel_files("6.12.107")["mm/memory.c"].encode()
    tree = Kernels(tmp_path, notes).tree(V("6.12.107"))
    others = {p: p.stat().st_ino for p in tree.rglob("*") if p.is_file() and p.name != "memory.c"}
    for ask in ("blobs", "tree"):
        damage(tree / "mm/memory.c")
        notes.notes.clear()
        source = Kernels(tmp_path, notes)
        if ask == "blobs":
            assert source.blobs(V("6.12.107"), ["mm/memory.c"])["mm/memory.c"] == want
        else:
            source.tree(V("6.12.107"))
        assert (tree / "mm/memory.c").read_bytes() == want
        assert ["mm/memory.c" in note for note in notes.notes] == [True]
    assert others == {p: p.stat().st_ino for p in others}, "the others were left alone"
    notes.notes.clear()
    assert Kernels(tmp_path, notes).tree(V("6.12.107")) == tree
    assert notes.notes == []


def test_a_file_that_the_tree_does_not_have_goes(tmp_path: Path) -> None:
    notes = Notes()
    tree = Kernels(tmp_path, notes).tree(V("6.12.107"))
    (tree / "mm/strange.c").touch()
    Kernels(tmp_path, notes).tree(V("6.12.107"))
    assert not (tree / "mm/strange.c").exists() and "strange.c" in notes.notes[0]
    (tree / "mm/strange.c").touch()
    found = Kernels(tmp_path, notes).blobs(V("6.12.107"), ["mm/strange.c"])
    assert found == {"mm/strange.c": None}


@pytest.mark.parametrize("part", [".manifest", ".kept.json", ".later.json"])
@pytest.mark.parametrize("damage", [emptied, flipped, cut, gone])
def test_a_tree_that_nothing_vouches_for_is_unpacked_anew(
    tmp_path: Path, damage: Damage, part: str
) -> None:
    notes = Notes()
    archive = Kernels(tmp_path, notes).path
    tree = unpack(archive, tmp_path / "t", keep=["drivers/gpu/drm/drm.c"])
    later = added_later(tree)
    emptied(tree / "mm/memory.c")
    damage(tree.with_name(tree.name + part))
    unpack(archive, tree, keep=["drivers/gpu/drm/drm.c"], reporter=notes)
    assert (tree / "mm/memory.c").read_bytes() == kernel_files("6.12.107")["mm/memory.c"].encode()
    assert added_later(tree) == later
    assert any("anew" in note for note in notes.notes)
    assert manifest.check(tree) == manifest.Faults((), ())


def test_what_came_later_is_vouched_for_too(tmp_path: Path) -> None:
    notes = Notes()
    archive = Kernels(tmp_path, notes).path
    tree = unpack(archive, tmp_path / "t")
    unpack(archive, tree, keep=["drivers/gpu/drm/drm.c"])
    emptied(tree / "drivers/gpu/drm/drm.c")
    unpack(archive, tree, reporter=notes)
    assert (tree / "drivers/gpu/drm/drm.c").read_bytes() == b"drm\n"


def test_an_untouched_tree_is_not_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only after it was linked, or the machine went down."""
    hashed: list[bytes] = []
    real = manifest._hashed

    def counted(top: Path, path: bytes, entry: manifest._Entry) -> manifest._Entry:
        hashed.append(path)
        return real(top, path, entry)

    archive = Kernels(tmp_path, Notes()).path
    (tmp_path / "cache/.ends").mkdir(parents=True)
    tree = unpack(archive, tmp_path / "cache/trees/t")
    monkeypatch.setattr(manifest, "_hashed", counted)
    unpack(archive, tree)
    assert hashed == []
    os.link(tree / "mm/memory.c", tmp_path / "link")
    unpack(archive, tree)
    unpack(archive, tree)
    assert hashed == [b"mm/memory.c"]
    hashed.clear()
    power_cut(tmp_path / "cache")
    unpack(archive, tree)
    assert len(hashed) == sum(1 for p in tree.rglob("*") if p.is_file() or p.is_symlink())
    hashed.clear()
    unpack(archive, tree)
    assert hashed == []


@EVERY
def test_an_archive_heals(site: Site, tmp_path: Path, damage: Damage) -> None:
    site.files["/a.tar.xz"] = os.urandom(40000)
    dest, notes = tmp_path / "a.tar.xz", Notes()
    http, url, sha256 = session(backoff=0.01), f"{site.url}/a.tar.xz", site.sha256("/a.tar.xz")
    for _ in range(2):
        download(http, url, dest, sha256=sha256, reporter=notes)
    assert len(site.log) == 1
    damage(dest)
    assert download(http, url, dest, sha256=sha256, reporter=notes) == dest
    assert dest.read_bytes() == site.files["/a.tar.xz"]
    assert len(site.log) == 2 and any("damaged" in note for note in notes.notes)


@EVERY
@pytest.mark.parametrize("name", ["list", "list.http.json"])
def test_a_kept_document_heals(site: Site, tmp_path: Path, damage: Damage, name: str) -> None:
    site.files["/list"] = b"one and two\n"
    http, url = session(backoff=0.01), f"{site.url}/list"
    document(http, url, tmp_path / "list")
    damage(tmp_path / name)
    notes = Notes()
    assert document(http, url, tmp_path / "list", reporter=notes) == b"one and two\n"
    assert len(site.log) == 2 and len(notes.notes) >= 1


@pytest.mark.parametrize("damage", [emptied, flipped])
@pytest.mark.parametrize("flavour", ["stock", "patched"])
def test_a_damaged_image_is_built_again_and_not_booted(
    toy: Toy, damage: Damage, flavour: str
) -> None:
    images = _images(toy.build(PATCHED))
    [path] = [path for path in images if path.name.startswith(flavour)]
    damage(path)
    toy.kept.notes.clear()
    pair = toy.build(PATCHED)
    assert _images(pair) == images
    assert [str(path) in note for note in toy.kept.notes if "damaged" in note] == [True]
    fresh = [kernel.image for kernel in pair.kernels if kernel.seconds]
    assert fresh == [path], "the other was left alone"


@pytest.mark.parametrize("damage", [emptied, flipped, gone])
@pytest.mark.parametrize("part", ["obj/mm/memory.o", "obj/init/main.o", "obj/.config"])
def test_a_damaged_object_is_not_linked(toy: Toy, damage: Damage, part: str) -> None:
    toy.build(None)
    damage(toy.place / part)
    pair = toy.build(PATCHED)
    clean = toy.build(PATCHED, work=toy.folder / "clean" / "work")
    assert [*_images(pair).values()] == [*_images(clean).values()]


@pytest.mark.parametrize("damage", [emptied, cut, gone])
def test_a_damaged_source_is_not_compiled(toy: Toy, damage: Damage) -> None:
    toy.build(None)
    source = toy.place / "src/init/main.c"
    data = source.read_bytes()
    source.unlink()  # no link any more: else the pristine tree's own is damaged
    source.write_bytes(data)
    damage(source)
    pair = toy.build(PATCHED)
    clean = toy.build(PATCHED, work=toy.folder / "clean" / "work")
    assert [*_images(pair).values()] == [*_images(clean).values()]
    assert any("src" in note and "damaged" in note for note in toy.kept.notes)


@pytest.mark.parametrize("damage", [emptied, flipped, zeroed])
@pytest.mark.parametrize("name", ["placed", "source.id", "steps-stock", "objects", "made"])
def test_a_damaged_note_of_the_work_folder_stops_nobody(
    toy: Toy, damage: Damage, name: str
) -> None:
    toy.build(PATCHED)
    place = toy.place / name
    if place.stat().st_size or damage is emptied:
        damage(place)
    for image in _images(toy.build(PATCHED)):
        image.unlink()
    pair = toy.build(PATCHED)
    clean = toy.build(PATCHED, work=toy.folder / "clean" / "work")
    assert [*_images(pair).values()] == [*_images(clean).values()]


@pytest.mark.parametrize("damage", [emptied, flipped])
@pytest.mark.parametrize(
    "name", [".zpmaint-basis", ".zpmaint-whole", ".zpmaint-configured", ".zpmaint-unknown"]
)
def test_a_damaged_note_of_the_objects_stops_nobody(toy: Toy, damage: Damage, name: str) -> None:
    toy.build(None)
    if (toy.place / "obj" / name).stat().st_size or damage is emptied:
        damage(toy.place / "obj" / name)
    pair = toy.build(PATCHED)
    clean = toy.build(PATCHED, work=toy.folder / "clean" / "work")
    assert [*_images(pair).values()] == [*_images(clean).values()]


def test_after_a_power_cut_no_object_is_believed(toy: Toy) -> None:
    """What make wrote was never asked for on the disk."""
    cache = toy.work.parent
    power_cut(cache)
    toy.build(None)
    power_cut(cache)
    pair = toy.build(PATCHED)
    assert any("nothing vouches for the objects" in note for note in toy.kept.notes)
    assert pair.stock.seconds == 0, "the image is whole, and known to be"


@EVERY
def test_a_remembered_value_is_what_it_was_or_none(tmp_path: Path, damage: Damage) -> None:
    place, notes = tmp_path / "x.json", Notes()
    remember(place, {"b": [1, 2.5, None], "a": {"ü": "ß"}, 3: 4})
    assert recall(place) == {"b": [1, 2.5, None], "a": {"ü": "ß"}, "3": 4}
    damage(place)
    assert recall(place, notes) is None
    assert str(place) in notes.notes[0]
    assert recall(place, notes) is None and len(notes.notes) == 1
    assert recall(tmp_path / "missing") is None


def test_what_an_earlier_zpmaint_kept_is_not_called_damaged(tmp_path: Path) -> None:
    (tmp_path / "x").write_text('{"any": 1}')
    notes = Notes()
    assert recall(tmp_path / "x", notes) is None
    assert notes.notes == [] and (tmp_path / "x").exists()


@pytest.mark.parametrize("damage", [emptied, flipped, cut, zeroed, gone])
def test_a_damaged_seal_vouches_for_nothing(tmp_path: Path, damage: Damage) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"image")
    seal(path)
    assert is_intact(path)
    damage(tmp_path / ".image.seal")
    known = hashlib.sha256(b"image").hexdigest()
    assert not is_intact(path) or is_intact(path, known)
    assert is_intact(path, known), "where the digest is known otherwise, it is enough"


def test_a_seal_is_looked_at_in_full_once_after_the_machine_went_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []
    (tmp_path / ".ends").mkdir()
    path = tmp_path / "images/stock"
    path.parent.mkdir()
    path.write_bytes(b"image")
    seal(path)
    real = hashlib.file_digest

    def counted(stream: object, name: str) -> object:
        hashed.append(path)
        return real(stream, name)  # type: ignore[arg-type]

    monkeypatch.setattr(hashlib, "file_digest", counted)
    assert usable(path) and not hashed
    power_cut(tmp_path)
    assert usable(path) and usable(path) and len(hashed) == 1


def test_marks_tell_how_runs_ended(tmp_path: Path) -> None:
    notes = Notes()
    cache = tmp_path / "cache"
    begin(cache, reporter=notes)()
    assert [p.name for p in (cache / ".ends").iterdir()] == [".lock"]
    assert epoch_of(cache / "trees/x") == "0"
    child = os.fork()
    if child == 0:
        begin(cache)
        (cache / ".x.json.y.tmp").touch()
        os._exit(0)  # as SIGKILL would
    os.waitpid(child, 0)
    assert len([*(cache / ".ends").glob("run-*")]) == 1
    end = begin(cache, reporter=notes)
    assert epoch_of(cache / "x") == "0" and notes.notes == [], "memory kept what it wrote"
    assert not (cache / ".x.json.y.tmp").exists()
    begin(cache, reporter=notes)()
    assert len([*(cache / ".ends").glob("run-*")]) == 1, "a live run's mark stays"
    end()
    power_cut(cache)
    assert epoch_of(cache / "x") == "1"
    (cache / ".ends/epoch").write_bytes(b"\0\0")
    power_cut(cache)
    assert epoch_of(cache / "x") not in ("0", "1", "2", "")
    assert epoch_of(tmp_path / "elsewhere") == ""


def _images(pair: Pair) -> dict[Path, bytes]:
    return {kernel.image: kernel.image.read_bytes() for kernel in pair.kernels}
