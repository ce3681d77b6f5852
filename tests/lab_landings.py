# SPDX-License-Identifier: GPL-2.0-only
"""The landings of the project, small: what stands before, what is done, and what may be read after
a cut. `python lab_landings.py NAME FOLDER` does one, to be recorded, cut, or killed."""

from __future__ import annotations

import hashlib
import io
import lzma
import sys
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from zpmaint.build.worktree import WorkTree
from zpmaint.core.ends import begin
from zpmaint.core.errors import ZpmaintError
from zpmaint.core.files import landing, write_whole
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import seal, usable
from zpmaint.publish.page import Page
from zpmaint.publish.writing import standing
from zpmaint.sources.download import land
from zpmaint.sources.manifest import differing
from zpmaint.sources.tree import read_blobs
from zpmaint.sources.unpack import unpack

OLD, NEW = b"old content\n" * 9, b"new content, and more of it\n" * 400
FILES = {
    "Makefile": b"VERSION = 6\n",
    "mm/memory.c": b"int memory;\n" * 50,
    "mm/Kconfig": b"config MMU\n",
    "include/linux/mm.h": b"extern int memory;\n",
    "drivers/gpu/drm/drm.c": b"int drm;\n" * 20,
}
KEPT = ["drivers/gpu/drm/drm.c"]


@dataclass(frozen=True)
class Landing:
    """`read` gives what is there after a cut, made anew where it was damaged; it is to be one of
    `good`. Whatever else it gives is a wrong value, and an error is a crash."""

    before: Callable[[Path], None]
    land: Callable[[Path], None]
    read: Callable[[Path], object]
    good: tuple[object, ...]


def archive_of(place: Path) -> Path:
    """The same bytes at every time."""
    with io.BytesIO() as raw:
        with tarfile.open(fileobj=raw, mode="w") as tar:
            for path, data in FILES.items():
                member = tarfile.TarInfo(f"linux-6.12/{path}")
                member.size, member.mtime = len(data), 1_700_000_000
                tar.addfile(member, io.BytesIO(data))
        place.write_bytes(lzma.compress(raw.getvalue()))
    return place


def _nothing(_: Path) -> None:
    pass


def _read_file(top: Path) -> bytes | None:
    place = top / "deep/er/file"
    return place.read_bytes() if place.exists() else None


def _read_folder(top: Path) -> dict[str, bytes] | None:
    site = top / "site"
    if not site.is_dir():
        return None
    return {p.name: p.read_bytes() for p in sorted(site.iterdir())}


def _land_folder(top: Path) -> None:
    with landing(top / "site") as fresh:
        (fresh / "index").write_bytes(NEW)
        (fresh / "feed").write_bytes(NEW)


def _tree(top: Path) -> Path:
    return unpack(top / "linux.tar.xz", top / "trees/linux")


def _read_tree(top: Path) -> dict[str, bytes]:
    """As a port reads it, then as a build does; the archive is there, being older."""
    tree = unpack(top / "linux.tar.xz", top / "trees/linux", check=False)
    read = read_blobs(tree, ["mm/memory.c"])
    if differing(tree, read) == []:
        assert read["mm/memory.c"] == FILES["mm/memory.c"]
    tree = unpack(top / "linux.tar.xz", top / "trees/linux", keep=KEPT)
    return {p: (tree / p).read_bytes() for p in FILES}


def _more(top: Path) -> None:
    unpack(top / "linux.tar.xz", top / "trees/linux", keep=KEPT)


def _image(top: Path) -> Path:
    return top / "work/images/stock-1"


def _keep_image(top: Path) -> None:
    WorkTree(top / "work").keep(top / "work/built", _image(top))


def _read_image(top: Path) -> bytes:
    """What would be booted."""
    if not usable(_image(top)):
        _keep_image(top)
    return _image(top).read_bytes()


def _built(top: Path) -> None:
    (top / "work").mkdir()
    (top / "work/built").write_bytes(NEW)


def _old_image(top: Path) -> None:
    _built(top)
    (top / "work/images").mkdir()
    _image(top).write_bytes(NEW)
    seal(_image(top))


def _came(top: Path) -> None:
    (top / ".a.part").write_bytes(NEW)


def _fetch(top: Path) -> None:
    if not (top / ".a.part").exists():
        _came(top)
    land(top / ".a.part", top / "a", hashlib.sha256(NEW).hexdigest())


def _read_fetched(top: Path) -> bytes:
    if not usable(top / "a", hashlib.sha256(NEW).hexdigest()):
        _fetch(top)
    return (top / "a").read_bytes()


# A page that stays, one that changes, one that goes, one that comes, and one that is always made.
SITE_OLD = {"index.html": OLD, "set/stays.html": OLD, "set/changes.html": OLD, "gone/a.html": OLD}
SITE_NEW = {"index.html": NEW, "set/stays.html": OLD, "set/changes.html": NEW, "new/b.html": NEW}


def _publish(top: Path, site: dict[str, bytes]) -> None:
    def page(name: str, data: bytes) -> Page:
        inputs = None if name == "index.html" else hashlib.sha256(data).hexdigest()
        return Page(name, inputs, lambda: data)

    with standing(top / "site") as former:
        former.write([page(name, data) for name, data in site.items()])


def _read_site(top: Path) -> dict[str, bytes] | None:
    """What a reader sees: all files but the hidden one."""
    site = top / "site"
    found = (p for p in site.rglob("*") if p.is_file() and not p.name.startswith("."))
    return {str(p.relative_to(site)): p.read_bytes() for p in found} if site.is_dir() else None


LANDINGS = {
    "site": Landing(
        lambda top: _publish(top, SITE_OLD),
        lambda top: _publish(top, SITE_NEW),
        _read_site,
        (SITE_OLD, SITE_NEW),
    ),
    "first-site": Landing(
        _nothing, lambda top: _publish(top, SITE_NEW), _read_site, (None, SITE_NEW)
    ),
    "file": Landing(
        lambda top: write_whole(top / "deep/er/file", OLD),
        lambda top: write_whole(top / "deep/er/file", NEW),
        _read_file,
        (OLD, NEW),
    ),
    "first-file": Landing(
        _nothing, lambda top: write_whole(top / "deep/er/file", NEW), _read_file, (None, NEW)
    ),
    "value": Landing(
        lambda top: remember(top / "kept/x.json", {"n": 1}),
        lambda top: remember(top / "kept/x.json", {"n": 2, "rows": [*range(500)]}),
        lambda top: recall(top / "kept/x.json"),
        ({"n": 1}, {"n": 2, "rows": [*range(500)]}),
    ),
    "folder": Landing(
        lambda top: write_whole(top / "site/index", OLD),
        _land_folder,
        _read_folder,
        ({"index": OLD}, {"feed": NEW, "index": NEW}),
    ),
    "tree": Landing(
        lambda top: archive_of(top / "linux.tar.xz") and None,
        lambda top: _tree(top) and None,
        _read_tree,
        (FILES,),
    ),
    "more-of-a-tree": Landing(
        lambda top: archive_of(top / "linux.tar.xz") and _tree(top) and None,
        _more,
        _read_tree,
        (FILES,),
    ),
    "image": Landing(_built, _keep_image, _read_image, (NEW,)),
    "image-again": Landing(_old_image, _keep_image, _read_image, (NEW,)),
    "archive": Landing(_came, _fetch, _read_fetched, (NEW,)),
}


def main() -> None:
    name, folder = sys.argv[1:]
    end = begin(Path(folder))
    try:
        LANDINGS[name].land(Path(folder))
    except ZpmaintError as error:
        print(f"{error.kind}: {error.what}: {error.hint}")
        sys.exit(error.exit_status)
    end()


if __name__ == "__main__":
    main()
