# SPDX-License-Identifier: GPL-2.0-only
"""A view of a foreign git repository: its objects and refs, nothing of its configuration.

A repository's own configuration, hooks and attributes can have git run commands. So git is never
run in one: it is run in a bare repository of ours in the cache, which names the foreign objects as
its alternates, and has the foreign refs copied in, read here as the plain text that they are.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.errors import UserError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.sources.download import disk_error
from zpmaint.sources.git_run import Runner, on_view
from zpmaint.sources.tree_rules import shown

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_NAME = re.compile(r"refs/(?:(?!\.)[^\0-\x20\x7f~^:?*\[\\/]+/)*(?!\.)[^\0-\x20\x7f~^:?*\[\\/]+")
_HOPS = 5
"""Alternates of alternates that git follows."""
_POINTER = 4096
"""Bytes of a file that names another place, or an object."""
_REFS = 256 << 20
"""Bytes of packed-refs; the largest collections of kernels have some 10 MB."""


@dataclass(frozen=True)
class View:
    """Where git may be run to read a foreign repository."""

    folder: Path
    runner: Runner
    refs: dict[str, str]
    """Object by the ref's full name."""
    is_partial: bool
    """Whether it was cloned without all contents: what is missing may be with its server."""
    common: Path
    """The foreign git folder that all its work trees share."""
    objects: tuple[Path, ...]
    """The folders of its objects, its own first."""


def view(place: Path, cache: Path, reporter: Reporter = SILENT) -> View:
    """The view of the repository at `place`, bare or with a work tree, made or brought up to date
    below `cache`. Raises UserError where there is none, or one that cannot be read so."""
    own, common = git_folders(place)
    if (common / "reftable").exists():
        raise UserError(
            f"{place}: keeps its refs as a reftable, which only its own git can read",
            f"clone it: git clone --bare --ref-format=files {place} FOLDER",
        )
    objects = _object_folders(place, common / "objects")
    refs = dict(_refs(place, common))
    length = max((len(sha) for sha in refs.values()), default=40)
    files = {
        "HEAD": _head(own, refs),
        "packed-refs": "".join(f"{refs[name]} {name}\n" for name in sorted(refs)),
        "objects/info/alternates": f"{objects[0]}\n",
        "shallow": _shallow(common),
        "config": _CONFIG[length],
    }
    digest = hashlib.sha256(os.fsencode(place.resolve())).hexdigest()[:12]
    folder = cache / "git" / f"view-{digest}"
    try:
        with locked(folder, reporter):
            if not (folder / "refs").is_dir():
                with landing(folder) as fresh:
                    (fresh / "refs").mkdir()
                    _write(fresh, files)
            _write(folder, files)
    except OSError as error:
        raise disk_error(folder, error) from None
    packs = objects[0] / "pack"
    is_partial = packs.is_dir() and any(packs.glob("*.promisor"))
    return View(folder, on_view(folder, objects), refs, is_partial, common, objects)


_CONFIG = {
    40: "[core]\n\trepositoryformatversion = 0\n\tbare = true\n",
    64: "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
    "[extensions]\n\tobjectformat = sha256\n",
}


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = folder / name
        if not text:
            place.unlink(missing_ok=True)
        elif not place.is_file() or place.read_text() != text:
            write_whole(place, text)


def git_folders(place: Path) -> tuple[Path, Path]:
    """git's own folder of a repository, and the one that it shares with its other work trees."""
    own = place / ".git"
    if own.is_file():
        own = _pointed(own, "gitdir:")
    elif not own.is_dir():
        own = place
    elif own.is_symlink():
        own = _allowed(own, own)
    common = own
    if (own / "commondir").is_file():
        common = _pointed(own / "commondir", "")
    if not ((own / "HEAD").is_file() and (common / "objects").is_dir()):
        raise UserError(
            f"no git repository at {place}", "name a clone of the kernel, with its tags"
        )
    return own.resolve(), common.resolve()


def _pointed(file: Path, mark: str) -> Path:
    text = _small(file)
    if text is None or not text.startswith(mark):
        raise UserError(f"{file}: names no git repository", "name a clone of the kernel")
    return _allowed(file, file.parent / text.removeprefix(mark).strip())


def _allowed(file: Path, target: Path) -> Path:
    """The place that a file of a repository names. Raises UserError where it is one that the
    repository's owner could not have looked at: we may, and must not do it for them."""
    owner = file.lstat().st_uid
    target = target.resolve()
    if owner == os.geteuid() or not target.exists() or target.stat().st_uid == owner:
        return target
    if all(one.stat().st_mode & stat.S_IXOTH for one in (target, *target.parents)):
        return target
    raise UserError(
        f"{file}: leads to {target}, which the owner of the repository may not read",
        "name that repository itself, if it is the one you want",
    )


def _object_folders(place: Path, first: Path) -> tuple[Path, ...]:
    """A repository's objects, and those of others that it borrows."""
    first = _allowed(first, first) if first.is_symlink() else first
    found: dict[Path, None] = {first.resolve(): None}
    fresh = list(found)
    for _ in range(_HOPS):
        named = [(one / "info/alternates", line) for one in fresh for line in _alternates(one)]
        fresh = []
        for file, line in named:
            if line.startswith('"'):
                raise UserError(f"{file}: a quoted name: {line!r}", "write the path as it is")
            target = _allowed(file, file.parent.parent / line)
            if target.is_dir() and target not in found:
                found[target] = None
                fresh.append(target)
    if any("\n" in str(folder) for folder in found):
        raise UserError(f"{place}: a line's end in the name of a folder", "rename it")
    for folder in found:
        for part in (folder, folder / "pack", folder / "info"):
            _look_at(part)
    return tuple(found)


def _look_at(folder: Path) -> None:
    """Raise UserError where git would wait for ever for what is no file, or read through a link
    what the repository's owner may not."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            place = Path(entry.path)
            if entry.is_symlink():
                place = _allowed(place, place)
            elif not (entry.is_file() or entry.is_dir()):
                raise UserError(
                    f"{shown(entry.path)}: neither a file nor a folder",
                    "no git repository has that",
                )


def _alternates(objects: Path) -> list[str]:
    text = _small(objects / "info/alternates", 1 << 16) or ""
    return [line for line in text.split("\n") if line and not line.startswith("#")]


def _refs(place: Path, common: Path) -> Iterator[tuple[str, str]]:
    """Every ref but those that would have git take one object for another. Later ones count."""
    packed = _small(common / "packed-refs", _REFS) or ""
    for line in packed.split("\n"):
        sha, _, name = line.partition(" ")
        if _SHA.fullmatch(sha) and _is_ref(name):
            yield name, sha
    for folder, _folders, names in os.walk(common / "refs"):
        for file in names:
            name = f"{Path(folder).relative_to(common)}/{file}"
            if _is_ref(name) and _SHA.fullmatch(sha := (_small(Path(folder, file)) or "").strip()):
                yield name, sha


def _is_ref(name: str) -> bool:
    return (
        _NAME.fullmatch(name) is not None
        and not name.startswith("refs/replace/")
        and not any(odd in name for odd in ("..", "@{", ".lock/"))
        and not name.endswith((".lock", "."))
    )


def _head(own: Path, refs: dict[str, str]) -> str:
    text = (_small(own / "HEAD") or "").strip()
    name = text.removeprefix("ref:").strip()
    if _SHA.fullmatch(text):
        return f"{text}\n"
    return f"ref: {name if _is_ref(name) else 'refs/heads/none'}\n"


def _shallow(common: Path) -> str:
    lines = (_small(common / "shallow", 1 << 24) or "").split()
    return "".join(f"{line}\n" for line in lines if _SHA.fullmatch(line))


def _small(file: Path, most: int = _POINTER) -> str | None:
    """The text of a regular file; None where there is none. Raises UserError for a larger one."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        data = stream.read(most + 1)
    if len(data) > most:
        raise UserError(f"{file}: more than {most} bytes", "this is no git repository's")
    return data.decode("utf-8", "surrogateescape")
