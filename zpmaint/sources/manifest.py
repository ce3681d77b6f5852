# SPDX-License-Identifier: GPL-2.0-only
"""What an unpacked tree holds, file by file, written down when it was whole.

    TREES/NAME             the tree
    TREES/NAME.manifest    each file's kind, size, times and digest; a digest of all at the end

As long as kind, size and times of a file are those written down, and no machine went down since
(`core/ends.py`), its content is taken for what it was; else it is hashed. To look at all 43,000
files of a kernel so takes half a second, to hash them all three.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from zpmaint.core.ends import epoch_of
from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter

_HEAD = b"zpmaint manifest 1 "
_DIGEST = 16  # bytes
_MODE = 0o111


@dataclass(frozen=True)
class _Entry:
    kind: bytes
    """f: a file, x: one that can be run, l: a link."""
    size: int
    mtime: int
    """Nanoseconds, as is ctime."""
    ctime: int
    digest: bytes

    @property
    def looks(self) -> tuple[bytes, int, int, int]:
        """What the file system tells without reading."""
        return self.kind, self.size, self.mtime, self.ctime


@dataclass(frozen=True)
class Faults:
    """What is wrong with a tree, by path."""

    damaged: tuple[str, ...]
    """Missing, or not what they were."""
    strange: tuple[str, ...]
    """Files that the tree does not have."""

    def __bool__(self) -> bool:
        return bool(self.damaged or self.strange)


def manifest_file(tree: Path) -> Path:
    return tree.with_name(f"{tree.name}.manifest")


def write(folder: Path, tree: Path | None = None) -> None:
    """Write down what `folder` holds, which is, or is about to become, `tree`."""
    entries = {path: _hashed(folder, path, entry) for path, entry in _found(folder)}
    _write(tree or folder, entries)


def add(tree: Path, paths: Iterable[str]) -> None:
    """Write down files that `tree` got later. Without a manifest of the rest nothing is."""
    entries = _read(tree)
    if entries is not None:
        for path in paths:
            seen = _look((tree / path).lstat())
            entries[os.fsencode(path)] = _hashed(tree, os.fsencode(path), seen)
        _write(tree, entries)


def check(tree: Path) -> Faults | None:
    """Look at every file of `tree`; None where nothing vouches for it: no manifest, or a damaged
    one. Hold the tree's lock."""
    raw = _raw(tree)
    known = _entries(raw) if raw is not None else None
    if known is None or raw is None:
        return None
    trusted = raw.startswith(_HEAD + epoch_of(tree.absolute()).encode() + b"\0")
    damaged: list[bytes] = []
    strange: list[bytes] = []
    renewed: dict[bytes, _Entry] = {}
    missing = set(known)
    for path, seen in _found(tree):
        entry = known.get(path)
        if entry is None:
            strange.append(path)
            continue
        missing.remove(path)
        if trusted and entry.looks == seen.looks:
            continue
        if (entry.kind, entry.size) != (seen.kind, seen.size) or (
            _hashed(tree, path, seen).digest != entry.digest
        ):
            damaged.append(path)
            continue
        if entry.mtime != seen.mtime:  # of the tree's identity
            place = os.path.join(os.fsencode(tree), path)  # noqa: PTH118 - names are bytes here
            os.utime(place, ns=(entry.mtime, entry.mtime), follow_symlinks=False)
        renewed[path] = replace(_look((tree / os.fsdecode(path)).lstat()), digest=entry.digest)
    if renewed or not (trusted or damaged or missing):
        _write(tree, known | renewed, trusted=not damaged and not missing)
    return Faults(_names([*missing, *damaged]), _names(strange))


def is_sound(tree: Path, reporter: Reporter) -> bool:
    """Whether `tree` is there as it was; where it is not, with a word that it is made anew."""
    if not tree.is_dir():
        return False
    faults = check(tree)
    if faults is None or faults:
        named = [*faults.damaged, *faults.strange] if faults else []
        why = f"damaged: {', '.join(named[:3])}" if named else "nothing vouches for it"
        with reporter.step(f"check {tree.name}") as step:
            step.note(f"{tree}: {why}; it is made anew")
        return False
    return True


def differing(tree: Path, files: Mapping[str, bytes | None]) -> list[str] | None:
    """Of what was read of `tree` (None: no such file) the paths that are not what they were; None
    where nothing vouches for the tree."""
    raw = _raw(tree)
    if raw is None:
        return None
    wrong = []
    for path, data in files.items():
        real = os.fsencode((tree / path).resolve().relative_to(tree.resolve()))
        entry = _entry(raw, real)
        held = None if data is None else _digest(data)
        if held != (entry and entry.digest):
            wrong.append(path)
    return wrong


def _found(top: Path) -> Iterator[tuple[bytes, _Entry]]:
    """Every file and link below `top`, unhashed."""
    root = os.fsencode(top)
    folders = [b""]
    while folders:
        folder = folders.pop()
        with os.scandir(root + b"/" + folder) as entries:
            for entry in entries:
                path = folder + entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path + b"/")
                else:
                    yield path, _look(entry.stat(follow_symlinks=False))


def _look(status: os.stat_result) -> _Entry:
    mode = status.st_mode
    kind = b"l" if stat.S_ISLNK(mode) else b"x" if mode & _MODE else b"f"
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        kind = b"?"  # a device, a pipe: no tree of ours has one
    return _Entry(kind, status.st_size, status.st_mtime_ns, status.st_ctime_ns, b"")


def _hashed(top: Path, path: bytes, entry: _Entry) -> _Entry:
    place = os.path.join(os.fsencode(top), path)  # noqa: PTH118 - names are bytes here
    if entry.kind == b"l":
        return replace(entry, digest=_digest(os.readlink(place)))  # noqa: PTH115
    if entry.kind == b"?":
        return entry
    try:
        with open(place, "rb", buffering=0) as stream:  # noqa: PTH123 - 43,000 times
            return replace(entry, digest=_digest(stream.readall()))
    except OSError:
        return entry  # cannot be read: has no digest, so is not what it was


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).hexdigest().encode()


def _write(tree: Path, entries: Mapping[bytes, _Entry], *, trusted: bool = True) -> None:
    epoch = epoch_of(tree.absolute()) if trusted else "?"
    rows = [_HEAD + epoch.encode()]
    for path, entry in entries.items():
        head = b"%s %d %d %d %s " % (*entry.looks, entry.digest or b"-")
        rows.append(head + path)
    text = b"\0".join(rows) + b"\0"
    write_whole(manifest_file(tree), text + hashlib.sha256(text).hexdigest().encode())


def _raw(tree: Path) -> bytes | None:
    try:
        raw = manifest_file(tree).read_bytes()
    except OSError:
        return None
    text, sealed = raw[:-64], raw[-64:]
    if hashlib.sha256(text).hexdigest().encode() != sealed or not text.startswith(_HEAD):
        return None
    return text


def _read(tree: Path) -> dict[bytes, _Entry] | None:
    raw = _raw(tree)
    return None if raw is None else _entries(raw)


def _entries(raw: bytes) -> dict[bytes, _Entry]:
    return dict(map(_parsed, raw.split(b"\0")[1:-1]))


def _parsed(row: bytes) -> tuple[bytes, _Entry]:
    kind, size, mtime, ctime, digest, path = row.split(b" ", 5)
    return path, _Entry(kind, int(size), int(mtime), int(ctime), digest)


def _entry(raw: bytes, path: bytes) -> _Entry | None:
    """One entry, found without reading the others."""
    end = -1
    while (end := raw.find(b" " + path + b"\0", end + 1)) >= 0:
        start = raw.rfind(b"\0", 0, end) + 1
        if start:
            found, entry = _parsed(raw[start : end + 1 + len(path)])
            if found == path:
                return entry
    return None


def _names(paths: Iterable[bytes]) -> tuple[str, ...]:
    return tuple(sorted(map(os.fsdecode, paths)))
