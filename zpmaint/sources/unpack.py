# SPDX-License-Identifier: GPL-2.0-only
"""A source tree out of its archive: once, whole or not at all, less what no x86 build of mm reads.

What is taken: everything outside the folders of unpack.toml, and what kconfig and kbuild need in
them. Every member is looked at, also those that are left out: an archive that holds what no kernel
does is refused as a whole.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase, translate
from pathlib import Path, PurePosixPath

from zpmaint.core.disk import make_folder, sync_folder, sync_tree
from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.remembered import recall, remember
from zpmaint.sources import manifest
from zpmaint.sources.added import added_later, later_file
from zpmaint.sources.download import disk_error
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tar_stream import Kind, Member, members
from zpmaint.sources.tree_rules import RefusedError, shown
from zpmaint.sources.tree_writer import TreeWriter
from zpmaint.sources.xz import decoded

_MANY = 1000
"""Files of a tree that are brought back one by one; where more are damaged, all of it is."""


@dataclass(frozen=True)
class Omissions:
    """What is left in the archive: whole folders, but for the names (globs) of `always`."""

    folders: dict[str, str]
    """Folder to the reason why it is not needed."""
    always: tuple[str, ...]
    alone: tuple[str, ...] = ()
    """Folders of which nothing is ever built: a file that is asked for there comes by itself."""

    def needed(self, path: str) -> str:
        """What has to be unpacked for `path` to be built: the whole folder that was left out, with
        the other sources of its drivers and their headers; or the file alone."""
        parents = [str(parent) for parent in PurePosixPath(path).parents]
        for folder in sorted(self.folders, key=len, reverse=True):
            if folder in parents:
                return path if folder in self.alone else folder
        return path

    def covers(self, path: str) -> bool:
        """Whether `path` is a folder that is left out, or lies in one."""
        whole = (PurePosixPath(path), *PurePosixPath(path).parents)
        return any(PurePosixPath(folder) in whole for folder in self.folders)


NOTHING = Omissions({}, (), ())


@functools.cache
def declared() -> Omissions:
    """The omissions of unpack.toml."""
    table = tomllib.loads((Path(__file__).parent / "unpack.toml").read_text())
    folders: dict[str, str] = table["left_out"]
    alone = tuple(f for f in folders if any(fnmatchcase(f, glob) for glob in table["alone"]))
    return Omissions(folders, tuple(table["always"]), alone)


def unpack(
    archive: Path,
    tree: Path,
    *,
    keep: Iterable[str] = (),
    omit: Omissions | None = None,
    reporter: Reporter = SILENT,
    check: bool = True,
) -> Path:
    """Make `tree` from `archive` (.tar.xz) less what is omitted, and give it back; what `keep`
    names is there if the archive has it, with the folder that it is built in. A tree that is there
    already is only completed; `added_later` tells what it got so.

    What of such a tree is not what was unpacked then is unpacked anew, alone, with a word; `check`
    False is for who looks at what they read of it themselves (`manifest.differing`).

    Raises SourceFailedError for an archive that is cut or corrupt, and for one that holds what no
    kernel's tree may hold (tree_rules.py), by name: then no tree appears.
    """
    omit = declared() if omit is None else omit
    wanted = sorted({omit.needed(_inside(path)) for path in keep if omit.covers(_inside(path))})
    with locked(tree, reporter):
        try:
            if not tree.is_dir() or (check and not _mended(archive, tree, reporter)):
                _whole(archive, tree, wanted, omit, reporter)
            else:
                _complete(archive, tree, wanted, reporter)
        except OSError as error:
            raise disk_error(tree, error) from None
    return tree


def _inside(path: str) -> str:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise UserError(f"{path!r} is not a path inside a kernel tree", "write it as mm/memory.c")
    return str(pure)


def _asked(tree: Path) -> Path:
    """The list of paths once asked for: what is not in the tree then is not in the archive."""
    return tree.with_name(tree.name + ".kept.json")


def _whole(
    archive: Path, tree: Path, wanted: Sequence[str], omit: Omissions, reporter: Reporter
) -> None:
    _asked(tree).unlink(missing_ok=True)
    later_file(tree).unlink(missing_ok=True)
    with landing(tree) as fresh, reporter.step(f"unpack {tree.name}", "B") as step:
        taken = _Taken(wanted, omit)
        _decode(archive, fresh, taken, step)
        if not (fresh / "Makefile").is_file():
            raise SourceFailedError(f"{archive}: holds no kernel tree (no Makefile at its top)")
        remember(_asked(tree), list(wanted))
        remember(later_file(tree), sorted(taken.extra))
        manifest.write(fresh, tree)


def _mended(archive: Path, tree: Path, reporter: Reporter) -> bool:
    """Bring a tree back to what was unpacked then. False where nothing tells what that was, or it
    cannot be had file by file."""
    faults = manifest.check(tree)
    if faults is None or recall(_asked(tree)) is None or recall(later_file(tree)) is None:
        with reporter.step(f"check {tree.name}") as step:
            step.note(f"{tree}: nothing vouches for it; it is unpacked anew")
        return False
    if not faults:
        return True
    named = [*faults.damaged, *faults.strange]
    shown = ", ".join(named[:3]) + (f" and {len(named) - 3} more" if named[3:] else "")
    with reporter.step(f"unpack {len(named)} files of {tree.name} anew", "B") as step:
        step.note(f"{tree}: not as it was unpacked: {shown}; made anew")
        for path in faults.strange:
            (tree / path).unlink()
        if len(faults.damaged) > _MANY:
            return False
        if faults.damaged:
            _restore(archive, tree, faults.damaged, step)
    return not manifest.check(tree)


def _restore(archive: Path, tree: Path, damaged: Sequence[str], step: Step) -> None:
    with _beside(tree) as beside:
        _decode(archive, beside, _Taken(damaged, None), step)
        sync_tree(beside)
        for path in damaged:
            if os.path.lexists(beside / path):
                (tree / path).parent.mkdir(parents=True, exist_ok=True)
                (beside / path).replace(tree / path)


@contextmanager
def _beside(tree: Path) -> Iterator[Path]:
    """A folder for files on their way into `tree`; cleared away as one that did not land."""
    beside = Path(tempfile.mkdtemp(dir=tree.parent, prefix=f".{tree.name}.landing.more."))
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _complete(archive: Path, tree: Path, wanted: Sequence[str], reporter: Reporter) -> None:
    asked = set(recall(_asked(tree), reporter) or ())
    missing = [p for p in wanted if p not in asked and not (tree / p).is_file()]
    if not missing:
        return
    with _beside(tree) as beside:
        with reporter.step(f"unpack {len(missing)} more of {tree.name}", "B") as step:
            taken = _Taken(missing, None)
            _decode(archive, beside, taken, step)
        sync_tree(beside)
        fresh = [path for path in taken.extra if not os.path.lexists(tree / path)]
        # Before the files are there: whoever reads the tree meanwhile must not take them for old.
        remember(later_file(tree), sorted({*added_later(tree), *fresh}))
        for path in fresh:
            make_folder((tree / path).parent)
            (beside / path).replace(tree / path)
        for folder in {(tree / path).parent for path in fresh}:
            sync_folder(folder)
        manifest.add(tree, fresh)
        remember(_asked(tree), sorted(asked | set(missing)))


class _Taken:
    """Which entries of an archive are unpacked: all but what is omitted, and what is asked for;
    where `omit` is None, only that."""

    def __init__(self, wanted: Collection[str], omit: Omissions | None) -> None:
        self._wanted = frozenset(wanted)
        self._omit = omit
        always = omit.always if omit else ()
        self._always = re.compile("|".join(map(translate, always)) or "(?!)")
        self._folders: dict[str, tuple[bool, bool]] = {}
        self.extra: list[str] = []
        """What came because it was asked for."""

    def __call__(self, path: str) -> bool:
        """Whether a file or a link is; to be asked once of each."""
        folder, _, name = path.rpartition("/")
        usual, asked = self._of(folder)
        if usual or self._always.match(name):
            return True
        if asked or path in self._wanted:
            self.extra.append(path)
            return True
        return False

    def folder(self, path: str) -> bool:
        """Whether a folder is, even where nothing lies in it."""
        return any(self._of(path))

    def _of(self, folder: str) -> tuple[bool, bool]:
        """Whether a folder is taken as usual, and whether it was asked for."""
        known = self._folders.get(folder)
        if known is None:
            above = {folder, *map(str, PurePosixPath(folder).parents)}
            usual = self._omit is not None and not self._omit.folders.keys() & above
            known = self._folders[folder] = usual, bool(self._wanted & above)
        return known


def _decode(archive: Path, folder: Path, taken: _Taken, step: Step) -> None:
    """Write what is taken of `archive` below `folder`. Raises SourceFailedError unless all of it
    was decoded, and where it holds what no kernel's tree may hold."""
    writer = TreeWriter(folder)
    with decoded(archive, threads=2) as source:
        for number, (path, member) in enumerate(_below_top(members(source.stream))):
            if number % 64 == 0:
                source.tell(step)
            _put(writer, path, member, taken)
        writer.finish()


def _put(writer: TreeWriter, path: str, member: Member, taken: _Taken) -> None:
    match member.kind:
        case Kind.FOLDER:
            writer.folder(path, write=taken.folder(path))
        case Kind.FILE:
            writer.file(
                path, member.data,
                executable=member.executable, mtime=member.mtime, write=taken(path),
            )  # fmt: skip
        case Kind.LINK:
            writer.link(path, member.target, mtime=member.mtime, write=taken(path))
        case Kind.SAME:
            writer.same(path, _split(member.target)[1], write=taken(path))


def _below_top(found: Iterable[Member]) -> Iterator[tuple[str, Member]]:
    """The members with their paths below the one folder that all of them lie in (linux-6.12.107
    or so), without that folder itself. Raises ValueError where there are none."""
    top = None
    for member in found:
        first, path = _split(member.name)
        if top is None:
            top = first
        if first != top or first in ("", "..", ".git"):
            raise RefusedError(member.name, f"lies beside the one folder, {shown(top)}")
        if path:
            yield path, member
        elif member.kind is not Kind.FOLDER:
            raise RefusedError(member.name, "is no folder, and stands for all of the tree")
    if top is None:
        raise ValueError("it is empty")


def _split(name: str) -> tuple[str, str]:
    """The top folder of a name, and the path below that."""
    top, _, path = name.removeprefix("./").rstrip("/").partition("/")
    return top, path
