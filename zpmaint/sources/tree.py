# SPDX-License-Identifier: GPL-2.0-only
"""An unpacked kernel tree on the disk."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from zpmaint.core.beneath import MOST, inside, read_beneath
from zpmaint.core.errors import UserError
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.provenance import Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.series import newest_of
from zpmaint.sources.source import NotServedError, SourceFailedError
from zpmaint.sources.tree_names import TreeNames

_LINE = re.compile(r"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*(.*?)[ \t]*$", re.M)
_EXTRA = re.compile(r"(\.\d+)?(-rc\d+)?")


class TreeSource:
    """The one kernel that stands unpacked in a folder; what it is, its Makefile says."""

    def __init__(self, folder: Path | str, cache: Path, reporter: Reporter = SILENT) -> None:
        """Raises UserError where the folder is no kernel tree. What is kept of it (the index of
        its names) is in `cache`; the folder is not written to."""
        self.folder = Path(folder).expanduser().resolve()
        self.name = f"tree:{folder}"
        self.version = version_of(self.folder)
        self.cache = cache
        self.reporter = reporter
        self._names: TreeNames | None = None

    def versions(self) -> list[KernelVersion]:
        return [self.version]

    def newest(self, series: str) -> KernelVersion:
        return newest_of(series, [self.version], self.name)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        return read_blobs(self.tree(version), paths)

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        if version != self.version:
            raise NotServedError(f"{self.name}: is {self.version}, not {version}")
        return self.folder

    def provenance(self, version: KernelVersion) -> Provenance:
        """See HasProvenance: a folder is what it is."""
        self.tree(version)
        return Provenance(self.name, why="a folder, as it stood there; nobody has signed it")

    def is_unpacked(self, version: KernelVersion) -> bool:
        """See HasTrees; a folder with a Makefile and nothing to build is no tree."""
        return version == self.version and (self.folder / "arch").is_dir()

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        return self._names_of(version).speaks_of(name)

    def speaking_of(self, version: KernelVersion, name: str) -> list[str] | None:
        return self._names_of(version).speaking_of(name)

    def files_called(self, version: KernelVersion, name: str) -> list[str]:
        return self._names_of(version).files_called(name)

    def _names_of(self, version: KernelVersion) -> TreeNames:
        """The names of the folder as it was when first asked."""
        tree = self.tree(version)
        if self._names is None:
            files = sorted(_files(tree))
            whose = hashlib.sha256(os.fsencode(tree)).hexdigest()[:12]
            state = hashlib.sha256()
            for file in files:
                told = file.stat()
                state.update(b"%s %d %d\0" % (os.fsencode(file), told.st_size, told.st_mtime_ns))
            place = self.cache / "names" / f"tree-{whose}-{state.hexdigest()[:12]}"
            for before in place.parent.glob(f"tree-{whose}-*"):
                if before != place:
                    before.unlink(missing_ok=True)  # of the folder in another state
            self._names = TreeNames(place, self.name, partial(_read, tree, files), self.reporter)
        return self._names


def _files(tree: Path) -> Iterator[Path]:
    """The regular files of a tree, less git's own and what is too large for a source."""
    for folder, folders, files in os.walk(tree):
        if ".git" in folders:
            folders.remove(".git")
        for name in files:
            file = Path(folder, name)
            facts = file.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_size <= MOST:
                yield file


def _read(tree: Path, files: Sequence[Path], step: Step) -> Iterator[tuple[str, bytes]]:
    for number, file in enumerate(files):
        if number % 256 == 0:
            step.advance(number, len(files))
        try:
            yield str(file.relative_to(tree)), file.read_bytes()
        except OSError as error:
            raise SourceFailedError(f"{file}: {error.strerror}") from None


def read_blobs(tree: Path, paths: Iterable[str]) -> dict[str, bytes | None]:
    """The files of an unpacked tree; None for what is not a file there. Raises UserError for a path
    that leads out of it, by its name or through a link."""
    return {path: read_beneath(tree, inside(tree, path)) for path in paths}


def version_of(folder: Path) -> KernelVersion:
    """What the top Makefile of a kernel tree says it is. A local suffix of EXTRAVERSION
    ("-custom") is not part of the version. Raises UserError, naming what is missing."""
    makefile = folder / "Makefile"
    try:
        data = read_beneath(folder, inside(folder, makefile.name))
    except OSError as error:
        raise UserError(f"{makefile}: {error.strerror}") from None
    if data is None:
        raise UserError(
            f"{folder}: no kernel tree, it has no Makefile", "name the top folder of the tree"
        )
    return version_in(data.decode("latin-1"), str(makefile))


def version_in(text: str, name: str) -> KernelVersion:
    """What the top Makefile of a kernel says it is; `name` is the file's, for the error. Raises
    UserError."""
    found: dict[str, str] = {}
    for key, value in _LINE.findall(text):
        found.setdefault(key, value)
    try:
        numbers = [str(int(found[key])) for key in ("VERSION", "PATCHLEVEL")]
        numbers.append(str(int(found.get("SUBLEVEL") or "0")))
    except (KeyError, ValueError):
        raise UserError(
            f"{name}: names no kernel (VERSION, PATCHLEVEL)", "name the top folder of a kernel"
        ) from None
    match = _EXTRA.match(found.get("EXTRAVERSION", ""))
    point, candidate = (match[1] or "", match[2] or "") if match else ("", "")
    if int(numbers[0]) >= 3:
        point = ""  # only 2.6 kept its point releases in EXTRAVERSION
    return KernelVersion.parse(".".join(numbers) + point + candidate)
