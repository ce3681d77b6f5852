# SPDX-License-Identifier: GPL-2.0-only
"""The pages on the disk: one whole site replaces the former in one step, and what is as it was is
neither made nor written again.

Beside the site stands a second folder, `.NAME.spare`. The new site is put together in it: files
that stay are other names (hard links) of those of the site that stands, so that only what changed
is written. Then the two folders change places. What was the site is the next one's spare folder,
most of which is right already: so publishing costs what changed, and not what there is.

A kill, a power cut or a full disk at any moment leaves the former site or the new one, whole; what
is in the spare folder is believed only as far as it is the very file that stands in the site.

A file of the site that somebody changed, as its size or its time says, is made anew, and so is one
that is missing. One that is no page of ours is not taken along.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from zpmaint.core.disk import exchange, filling, make_folder, sync_folder, sync_tree, writing
from zpmaint.core.errors import UserError
from zpmaint.core.files import locked
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.publish import manifest
from zpmaint.publish.addresses import LASTING
from zpmaint.publish.claimed import Addresses, is_address
from zpmaint.publish.kept import KeptParts
from zpmaint.publish.manifest import NAME, UNKNOWN, Manifest, Section
from zpmaint.publish.page import Bundle, Page
from zpmaint.publish.program import program

Value = TypeVar("Value")

_FEW = 48  # files that are asked for one by one; of more, the whole file system at once is cheaper


@dataclass
class Written:
    """What became of a publishing."""

    pages: int = 0
    """How many there are."""
    made: int = 0
    """How many had to be made; the others were made of the same things before."""
    written: list[str] = field(default_factory=list)
    """The addresses of those that are other bytes than before, or new."""
    gone: list[str] = field(default_factory=list)
    """What stood in the former site and is in the new one no more."""
    mended: list[str] = field(default_factory=list)
    """What somebody else had changed or taken away in the former site."""


class _File(NamedTuple):
    inode: int
    size: int
    changed: int


@dataclass
class _Tree(Generic[Value]):
    """What is in a folder."""

    files: dict[str, Value] = field(default_factory=dict)
    """By address; all that is no folder."""
    folders: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, top: Path, look: Callable[[os.DirEntry[str]], Value]) -> _Tree[Value]:
        tree = cls()
        tree._take(str(top), "", look)
        return tree

    def _take(self, place: str, prefix: str, look: Callable[[os.DirEntry[str]], Value]) -> None:
        with os.scandir(place) as entries:
            for found in list(entries):
                address = sys.intern(prefix + found.name)  # in the site, beside it, in its manifest
                if found.is_dir(follow_symlinks=False):
                    self.folders.add(address)
                    self._take(found.path, f"{address}/", look)
                else:
                    self.files[address] = look(found)


class Standing:
    """The site that stands, and the way to the next one; see `standing`."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._spare = out.with_name(f".{out.name}.spare")
        self._files: dict[str, _File] = {}
        self.known: Manifest = UNKNOWN
        """What the site says of itself."""
        self.kept = KeptParts(out.with_name(f".{out.name}.kept"), program())
        """What is kept of its parts."""
        if out.is_dir():
            self._files = _Tree.of(out, _seen).files
            self._files.pop(NAME, None)
            self.known = _manifest(out)

    @property
    def lasting(self) -> tuple[str, ...]:
        """The addresses of what stays for ever and is what its name says."""
        return tuple(
            address
            for address, file in self._files.items()
            if address.startswith(LASTING) and self._is_whole(address, file)
        )

    def _is_whole(self, address: str, file: _File) -> bool:
        return _is_known(self.known.entries.get(address), file) or _is_named_by_content(
            self._out, address
        )

    def write(self, pages: Iterable[Page], bundles: Iterable[Bundle] = ()) -> Written:
        """Put the new site, of these pages and those of the bundles, in the place of this one.
        Raises DiskError where the disk does not take it: then this one stands. Raises ValueError
        where two pages have one address (claimed.Addresses)."""
        is_first = not self._out.is_dir()
        done = Written()
        with writing(self._spare):
            if not _is_folder(self._spare):
                _remove(self._spare)
                make_folder(self._spare)
            there = _Tree.of(self._spare, _inode)
        new = _New(self._out, self._spare, self._files, there, self.known)
        try:
            with filling(self._spare):
                changed = [bundle for bundle in bundles if not new.stands(bundle, done)]
                due = new.due("", "", pages, done)
                for bundle in changed:
                    due += new.due(bundle.name, bundle.told, bundle.pages(), done)
                # Those of one kernel one after another: its record need not be read for each.
                for page in sorted(due, key=lambda page: page.address):
                    new.make(page, done)
                new.keep_lasting(done)
                done.gone = sorted(self._files.keys() - new.right)
                said = manifest.written(program(), new.sections())
                if not done.written and not done.gone and said == _read(self._out / NAME):
                    return done
                new.put(NAME, said)
                new.clear()
            with writing(self._out):
                new.sync()
                _take_the_place(self._spare, self._out)
        except BaseException:
            new.give_up()
            raise
        with writing(self._out):
            sync_folder(self._out.parent)
            if is_first:  # so that the next one need not
                _link_all(self._out, self._spare, new.right)
        return done


@contextmanager
def standing(out: Path, reporter: Reporter = SILENT) -> Iterator[Standing]:
    """The site at `out`, which nobody else writes meanwhile.

    Raises UserError if `out` is something other than an empty folder or a former site."""
    with locked(out, reporter):
        _restore(out)
        _replaceable(out)
        yield Standing(out)


class _New:
    """The new site while it is put together in the spare folder."""

    def __init__(
        self,
        out: Path,
        spare: Path,
        files: dict[str, _File],
        there: _Tree[int],
        known: Manifest,
    ) -> None:
        self._out, self._spare = out, spare
        self._files, self._there = files, there
        self._known, self._sections = known.entries, known.sections
        self._otherwise = {
            address
            for address, told in self._known.items()
            if not ((file := files.get(address)) and _is_known(told, file))
        }
        self._unlinked = {
            address for address, file in files.items() if there.files.get(address) != file.inode
        }
        self.right: set[str] = set()
        """The addresses of the new site."""
        self._addresses = Addresses()
        self._standing: list[Section] = []
        self._others: dict[str, tuple[str, dict[str, str]]] = {}
        self._whose: dict[str, str] = {}
        self._fresh: list[Path] = []
        self._folders: set[Path] = {spare}
        self._made: set[str] = set()

    def stands(self, bundle: Bundle, done: Written) -> bool:
        """Take a bundle's pages along, if all of them stand as they are to be."""
        known = self._sections.get(bundle.name)
        if known is None or known.told != bundle.told:
            return False
        if not self._otherwise.isdisjoint(known.addresses):
            return False
        self._standing.append(known)
        self._addresses.take_all(known.addresses)
        self.right.update(known.addresses)
        for address in self._unlinked.intersection(known.addresses):
            _link(self._out / address, self._free(address))
        done.pages += len(known.addresses)
        return True

    def due(self, name: str, told: str, pages: Iterable[Page], done: Written) -> list[Page]:
        """The pages of a bundle that are to be made; the others are taken along."""
        self._others[name] = (told, {})
        due = []
        for page in pages:
            if self._addresses.take(page):
                self._whose[page.address] = name
                if not self._stays(page, done):
                    due.append(page)
        return due

    def sections(self) -> list[Section]:
        """What there is to say of all of them."""
        others = (manifest.section(name, *one) for name, one in self._others.items())
        return sorted([*self._standing, *others], key=lambda one: one.name)

    def _stays(self, page: Page, done: Written) -> bool:
        """Take a page along, if it stands as it is to be."""
        done.pages += 1
        address, file = page.address, self._files.get(page.address)
        known = self._known.get(address)
        if known is not None:
            if file is None or not known.endswith(f" {file.size} {file.changed}"):
                done.mended.append(address)
            elif page.inputs is not None and known.startswith(f"{_inputs(page)} "):
                self._stay(address, known)
                return True
        return False

    def make(self, page: Page, done: Written) -> None:
        """Make a page that does not stand as it is to be."""
        done.made += 1
        address, file = page.address, self._files.get(page.address)
        data = page.make()
        # Made of other things and the same all the same: its file stays, and its time.
        if file and file.size == len(data) and _holds(self._out / address, data):
            self._stay(address, manifest.entry(_inputs(page), file.size, file.changed))
            return
        done.written.append(address)
        self._told(address, manifest.entry(_inputs(page), *self.put(address, data)))

    def keep_lasting(self, done: Written) -> None:
        """Take along what is named by its content and no page claims any more."""
        for address in self._files:
            if (
                address.startswith(LASTING)
                and address not in self._addresses
                and is_address(address)
            ):
                file = self._files[address]
                if not _is_known(self._known.get(address), file) and not _is_named_by_content(
                    self._out, address
                ):
                    continue
                done.pages += 1
                self._stay(address, manifest.entry("lasting", file.size, file.changed))

    def clear(self) -> None:
        """Take away what is no part of the new site."""
        for address in self._there.files.keys() - self.right:
            path = self._spare / address
            _remove(path)
            self._folders.add(path.parent)
        closest = {address.rpartition("/")[0] for address in self.right}
        wanted = closest.union(*map(_above, closest))
        for address in sorted(self._there.folders - wanted - self.right):
            _remove(self._spare / address)
            self._folders.add((self._spare / address).parent)

    def give_up(self) -> None:
        """Take away what was written: the disk may need the room."""
        for path in self._fresh:
            with suppress(OSError):
                path.unlink()

    def put(self, address: str, data: bytes) -> tuple[int, int]:
        """Write a file; its size and time."""
        path = self._free(address)
        self.right.add(address)
        with path.open("xb") as out:
            out.write(data)
            out.flush()
            self._fresh.append(path)
            found = os.fstat(out.fileno())
        return found.st_size, found.st_mtime_ns

    def sync(self) -> None:
        """Have all that was written on the disk, before anybody may see it."""
        if len(self._fresh) + len(self._folders) > _FEW:
            sync_tree(self._spare)
            return
        for path in self._fresh:
            with path.open("rb") as file:
                os.fsync(file.fileno())
        for folder in self._folders:
            if folder.is_dir():
                sync_folder(folder)

    def _stay(self, address: str, told: str) -> None:
        self._told(address, told)
        self.right.add(address)
        if address in self._unlinked:
            _link(self._out / address, self._free(address))

    def _told(self, address: str, told: str) -> None:
        self._others[self._whose.get(address, "")][1][address] = told

    def _free(self, address: str) -> Path:
        """The place for a file, with nothing in it and in a folder that is there."""
        for above in reversed(_above(address)):
            if above not in self._made:
                folder = self._spare / above
                if not _is_folder(folder):
                    _remove(folder)
                    folder.mkdir()
                    self._folders |= {folder, folder.parent}
                self._made.add(above)
        path = self._spare / address
        if address in self._there.files or address in self._there.folders:
            _remove(path)
        self._folders.add(path.parent)
        return path


def _inputs(page: Page) -> str:
    return "-" if page.inputs is None else manifest.digest(page.inputs)


def _above(address: str) -> list[str]:
    """The folders that a file is in, the closest first."""
    parts = address.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def _manifest(out: Path) -> Manifest:
    try:
        return manifest.read(_read(out / NAME), program())
    except (ValueError, TypeError, KeyError):
        return UNKNOWN


def _seen(found: os.DirEntry[str]) -> _File:
    """A file as it is; what is none has a size that no page has."""
    seen = found.stat(follow_symlinks=False)
    size = seen.st_size if stat.S_ISREG(seen.st_mode) else -1
    return _File(seen.st_ino, size, seen.st_mtime_ns)


def _inode(found: os.DirEntry[str]) -> int:
    """Known without a look at the file."""
    return found.inode()


_READING = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_BLOCK = 1 << 18  # bytes


def _holds(path: Path, data: bytes) -> bool:
    """Whether a file of the site is of these bytes; it may be large, and is never held whole."""
    try:
        handle = os.open(path, _READING)
    except OSError:
        return False
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return False
        blocks = (data[at : at + _BLOCK] for at in range(0, len(data), _BLOCK))
        return all(file.read(_BLOCK) == block for block in blocks) and not file.read(1)


def _read(path: Path) -> bytes:
    """A file of the site; b"" where it is none."""
    try:
        handle = os.open(path, _READING)
    except OSError:
        return b""
    with os.fdopen(handle, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(handle).st_mode) else b""


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new, follow_symlinks=False)
    except OSError:  # a file system without, or too many names of one file
        shutil.copy2(old, new, follow_symlinks=False)


def _link_all(site: Path, spare: Path, addresses: Iterable[str]) -> None:
    """Names of all files of a site in its spare folder."""
    spare.mkdir()
    made = {spare}
    for address in addresses:
        place = spare / address
        if place.parent not in made:
            place.parent.mkdir(parents=True, exist_ok=True)
            made.add(place.parent)
        _link(site / address, place)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _remove(path: Path) -> None:
    if _is_folder(path):
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _former(out: Path) -> Path:
    return out.with_name(f".{out.name}.former")


def _take_the_place(spare: Path, out: Path) -> None:
    if not out.exists():
        spare.replace(out)
    elif not exchange(spare, out):
        # Two renames: `_restore` mends what a kill between them leaves.
        out.replace(_former(out))
        spare.replace(out)
        _former(out).replace(spare)


def _restore(out: Path) -> None:
    """After a kill between two renames: what was the site is it again, or is the spare folder."""
    former = _former(out)
    if former.is_dir():
        with writing(out):
            if not out.exists():
                former.replace(out)
            else:
                shutil.rmtree(former)


def _replaceable(out: Path) -> None:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise UserError(f"{out}: not a folder", "name a folder for the site")
    if out.is_dir() and any(out.iterdir()) and not (out / NAME).is_file():
        raise UserError(
            f"{out}: holds files that are not a former site; nothing was written",
            "name a new or empty folder: it is replaced whole",
        )


def _is_known(told: str | None, file: _File) -> bool:
    """Whether a file is as it was when it was written."""
    return told is not None and told.endswith(f" {file.size} {file.changed}")


def _is_named_by_content(out: Path, address: str) -> bool:
    name = address.removeprefix(LASTING).partition(".")[0]
    return sha256(_read(out / address)).hexdigest() == name
