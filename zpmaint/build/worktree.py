# SPDX-License-Identifier: GPL-2.0-only
"""The work folder of one kernel: sources that can be changed, objects, images.

    FOLDER/source.id   which pristine tree src/ was made from; there means src/ is whole
    FOLDER/src/        the tree, hardlinked to the pristine one; a changed file is a new inode
    FOLDER/placed      paths in src/ that may differ from the pristine tree; grows before they do
    FOLDER/obj/        what make builds in (O=)
    FOLDER/making      there while make runs in obj/; found at the start: it was killed
    FOLDER/objects     what is in obj/ since the last make that ended well
    FOLDER/images/     finished images, by rename

A process may be killed between any two lines of this file: what is on the disk then says what
has to be done again.
"""

from __future__ import annotations

import errno
import filecmp
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from zpmaint.build.objects import Objects
from zpmaint.cell import launch
from zpmaint.core.beneath import (
    ThroughLinkError,
    inside,
    link_beneath,
    read_beneath,
    remove_beneath,
    status_beneath,
    write_beneath,
)
from zpmaint.core.disk import make_folder
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, landing_file, read_mark, write_whole
from zpmaint.core.locks import hold
from zpmaint.core.progress import Reporter
from zpmaint.core.remembered import recall, remember
from zpmaint.core.sealed import seal

_NOT_SOURCE = frozenset({".git", ".svn", ".hg"})
_BUILT_IN = (".config", "include/config", "include/generated", "include/linux/autoconf.h")
_CONFIG_OUTPUT = (
    ".config",
    "include/config/auto.conf",
    "include/generated/autoconf.h",
    "include/linux/autoconf.h",
)
_CANNOT_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS)


def fingerprint(tree: Path, without: Collection[str] = ()) -> str:
    """A hash over the path, size and modification time of every file of a tree: cheap (a second
    for 80,000 files), and another one as soon as anybody edits a file there. Files of `without`
    do not count."""
    seen = hashlib.sha256()
    for path, status in _files(tree):
        if path in without:
            continue
        seen.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0".encode(*_NAMES))
    return seen.hexdigest()


_NAMES = ("utf-8", "surrogateescape")


def _files(tree: Path) -> Iterator[tuple[str, os.stat_result]]:
    folders = [""]
    while folders:
        folder = folders.pop()
        with os.scandir(tree / folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                if entry.name in _NOT_SOURCE:
                    continue
                path = f"{folder}{entry.name}"
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{path}/")
                else:
                    yield path, entry.stat(follow_symlinks=False)


class WorkTree:
    """The work folder of one kernel version, architecture and profile."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.src = folder / "src"
        self.obj = folder / "obj"
        self.images = folder / "images"
        self._source_id = folder / "source.id"
        self._placed = folder / "placed"
        self._making = folder / "making"
        self._made = folder / "made"
        self._objects = Objects(self.obj, folder / "objects")
        self._lock = folder / ".lock"

    @contextmanager
    def locked(self, reporter: Reporter) -> Iterator[None]:
        """Hold the folder alone among all processes; waits. No child has the lock: a make dies
        with its cell, and what of one is left, `recover` ends."""
        with hold(self._lock, f"the build folder {self.folder.name}", reporter):
            yield

    def prepare(self, tree: Path, source_id: str, later: Collection[str] = ()) -> None:
        """Make src/ from the pristine `tree`, unless it was made from the same one already; then
        only the files of `later` are added, which that one may have lacked."""
        if read_mark(self._source_id) == source_id and self.src.is_dir():
            self.obj.mkdir(exist_ok=True)
            for path in later:
                if status_beneath(self.src, path) is None:
                    _copy(tree, self.src, path)
            return
        for path in _BUILT_IN:
            if (tree / path).exists():
                raise UserError(
                    f"{tree}: somebody has built in this tree ({path} is there), and make would "
                    "take up its objects",
                    f"make -C {tree} mrproper",
                )
        self._source_id.unlink(missing_ok=True)
        self.wipe()
        with landing(self.src) as fresh:
            _link_tree(tree, fresh)
        self._placed.unlink(missing_ok=True)
        write_whole(self._source_id, source_id)

    def check(self, tree: Path) -> str | None:
        """Bring src/ back to the pristine `tree` where it is not as it was made, and throw away
        what of obj/ is not as make left it. Gives what was found, where there was anything."""
        left = self._objects.doubtful()
        placed = self._was_placed()
        wrong = [
            path
            for path, status in _files(tree)
            if path not in placed and not self._is_linked(tree, path, status, left is None)
        ]
        for path in wrong:
            if status_beneath(self.src, path) is not None:
                remove_beneath(self.src, path)
            _copy(tree, self.src, path)
        if wrong:
            self.wipe()
            return f"{self.src}: damaged: {', '.join(wrong[:3])}"
        if not self._made.exists():
            return None  # nothing was ever made
        if left is None:
            self.wipe()
            return f"{self.obj}: nothing vouches for the objects"
        doubtful, missing = left
        config = {*_CONFIG_OUTPUT} & {*doubtful, *missing}
        if config:
            self.wipe()
        else:
            for path in doubtful:
                (self.obj / path).unlink()  # one that is missing make misses itself
        found = [*sorted(config), *doubtful]
        return f"{self.obj}: damaged: {', '.join(found[:3])}" if found else None

    def _was_placed(self) -> set[str]:
        return set(recall(self._placed) or ())

    def _is_linked(self, tree: Path, path: str, want: os.stat_result, is_unsure: bool) -> bool:
        """Whether a file of src/ is that of the tree, or a copy which nobody touched."""
        try:
            have = os.lstat(f"{self.src}/{path}")
        except OSError:
            return False
        if (have.st_ino, have.st_dev) == (want.st_ino, want.st_dev):
            return True
        if have.st_size != want.st_size or stat.S_IFMT(have.st_mode) != stat.S_IFMT(want.st_mode):
            return False
        if stat.S_ISLNK(want.st_mode):
            return (tree / path).readlink() == (self.src / path).readlink()
        is_alike = not is_unsure and have.st_mtime_ns == want.st_mtime_ns
        return is_alike or filecmp.cmp(tree / path, self.src / path, shallow=False)

    def discard(self) -> None:
        """Throw sources and objects away: the next build starts from the pristine tree."""
        self._source_id.unlink(missing_ok=True)
        for folder in (self.src, self.obj):
            if folder.exists():
                shutil.rmtree(folder)
        self._making.unlink(missing_ok=True)

    def wipe(self) -> None:
        """Throw the objects away: a build from the start, which ccache makes short."""
        self._made.unlink(missing_ok=True)
        if self.obj.exists():
            shutil.rmtree(self.obj)
        self._making.unlink(missing_ok=True)
        self.obj.mkdir()

    def make_ready(self, tree: Path, source: str, later: Collection[str]) -> list[str]:
        """Bring it to where something can be made in it, whatever ended the last time; gives what
        was found to be mended, for people."""
        self.prepare(tree, source, later)
        found = []
        if reason := self.recover():
            found.append(f"{reason}: what cannot be trusted is built again")
        if damaged := self.check(tree):
            found.append(f"{damaged}; what is damaged is made anew")
        return found

    def take(self, basis: str) -> bool:
        """Take obj/ up for what is made under `basis`, a hash of all but the sources: what was
        made under another one goes. Gives whether it is as a finished image left it, which it
        counts for no longer until `whole` says so."""
        mark = self.obj / ".zpmaint-basis"
        if read_mark(mark) != basis:
            self.wipe()
            write_whole(mark, basis)
        found = self._whole.is_file()
        self._whole.unlink(missing_ok=True)
        return found

    @property
    def whole(self) -> str:
        """The inputs of the image that src/ and obj/ are in the state of; '' where of none."""
        return read_mark(self._whole)

    @whole.setter
    def whole(self, inputs: str) -> None:
        write_whole(self._whole, inputs)

    @property
    def _whole(self) -> Path:
        return self.obj / ".zpmaint-whole"

    def put(self, tree: Path, wanted: Mapping[str, bytes | None]) -> list[str]:
        """Make src/ the pristine `tree` with `wanted` over it, whatever was there before; gives
        the paths that changed. Their modification time is now, so that make sees them.

        Nothing is written through a link, of the tree or one that a build left in src/: raises
        ThroughLinkError; UserError for a path that is none in a tree."""
        for path in wanted:
            facts = status_beneath(tree, path)
            if facts is not None and stat.S_ISLNK(facts.st_mode):
                raise ThroughLinkError(path, path)
        before = self._was_placed()
        if not before >= set(wanted):
            remember(self._placed, sorted(before | {*wanted}))
        changed = []
        for path in sorted(before | set(wanted)):
            content = wanted[path] if path in wanted else read_beneath(tree, path)
            if read_beneath(self.src, path) == content:
                continue
            if content is None:
                remove_beneath(self.src, path)
            else:
                facts = status_beneath(tree, path)
                executable = facts is not None and bool(facts.st_mode & stat.S_IXUSR)
                write_beneath(self.src, path, content, executable=executable)
            changed.append(path)
        return changed

    def recover(self) -> str | None:
        """After a make that was killed, or a clock that went back: throw away what cannot be
        trusted. Gives the reason where there was one.

        A killed compiler leaves half an object that is newer than its source, and make would take
        it for whole. Whatever is newer than that make's start goes; where the configuration is
        among it, everything does.
        """
        if self._making.exists():
            launch.clear(self.obj)  # or it would write on
            start = self._making.stat().st_mtime_ns
            newer = [
                self.obj / path for path, status in _files(self.obj) if status.st_mtime_ns >= start
            ]
            if {self.obj / name for name in _CONFIG_OUTPUT} & set(newer):
                self.wipe()
            else:
                for path in newer:
                    path.unlink()
                self._making.unlink()
            return "an earlier make failed or was killed"
        if self._made.exists() and self._made.stat().st_mtime > time.time():
            self.wipe()
            return "the clock has gone back since the last build"
        return None

    @contextmanager
    def making(self) -> Iterator[None]:
        """Around each make: the mark stays behind if this process is killed, or make fails (old
        kernels do not have the targets of a failed command deleted)."""
        write_whole(self._making, "")
        yield
        self._made.touch()
        self._objects.note()
        self._making.unlink()

    def keep(self, built: Path, image: Path) -> None:
        """Put a finished image where it stays, whole or not at all, and sealed."""
        make_folder(image.parent)
        # What a build made may be a link, to another file of it.
        own = inside(self.folder, str(built.relative_to(self.folder)))
        handle = os.open(self.folder / own, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as source, landing_file(image) as out:
            shutil.copyfileobj(source, out)
        seal(image)


def _copy(tree: Path, src: Path, path: str) -> None:
    """A file or a link that `src` lacks."""
    facts = status_beneath(tree, path)
    if facts is None:
        return
    if stat.S_ISLNK(facts.st_mode):
        link_beneath(src, path, str((tree / path).readlink()))
    elif (data := read_beneath(tree, path)) is not None:
        write_beneath(src, path, data, executable=bool(facts.st_mode & stat.S_IXUSR))


def _link_tree(tree: Path, target: Path) -> None:
    """`cp -al`, by copies where the file system is another one; what is neither a file nor a link
    is left out."""
    link = True
    made: set[str] = set()
    for path, status in _files(tree):
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
            continue
        folder = os.path.dirname(path)  # noqa: PTH120 - a Path per file costs a second here
        if folder not in made:
            (target / folder).mkdir(parents=True, exist_ok=True)
            made.add(folder)
        source, copy = f"{tree}/{path}", f"{target}/{path}"
        if link:
            try:
                os.link(source, copy, follow_symlinks=False)
                continue
            except OSError as error:
                if error.errno not in _CANNOT_LINK:
                    raise
                link = error.errno == errno.EMLINK  # that one file only has too many names
        shutil.copy2(source, copy, follow_symlinks=False)
