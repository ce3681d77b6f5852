# SPDX-License-Identifier: GPL-2.0-only
"""What all sources of tarballs share: an archive in, a tree and its files out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.in_use import mark
from zpmaint.core.progress import SILENT, Reporter, Step
from zpmaint.core.provenance import Provenance
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.manifest import differing
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tar_stream import regular_files
from zpmaint.sources.tree import read_blobs
from zpmaint.sources.tree_names import TreeNames
from zpmaint.sources.unpack import unpack
from zpmaint.sources.xz import decoded


@dataclass(frozen=True)
class Archive:
    """A source archive on the disk, verified."""

    path: Path
    sha256: str


class TarballSource(ABC):
    """A source whose kernels come as .tar.xz; unpacked once under cache/trees."""

    name: str
    by_archive = True
    """One file costs the whole archive: asked after the sources that have files by themselves."""

    def __init__(self, cache: Path, reporter: Reporter = SILENT) -> None:
        self.cache = cache
        self.reporter = reporter
        self._names: dict[KernelVersion, TreeNames] = {}
        self._checked: set[KernelVersion] = set()

    @abstractmethod
    def archive(self, version: KernelVersion) -> Archive:
        """The verified archive of `version`, fetched where it is not here yet."""

    def provenance(self, version: KernelVersion) -> Provenance:
        """See HasProvenance; a kind of source that checks signatures tells more."""
        digest = f"sha256:{self.archive(version).sha256}"
        return Provenance(self.name, digest, why=f"{self.name} checks no signature")

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """See Source.tree; what is left out is in unpack.toml. Every file of it is looked at the
        first time that it is asked for."""
        tree = self._tree(version, keep, check=version not in self._checked)
        self._checked.add(version)
        return tree

    def _tree(self, version: KernelVersion, keep: Iterable[str], *, check: bool) -> Path:
        archive = self._archive(version)
        # Two archives of one version may differ: each has its own tree.
        place = self.cache / "trees" / f"linux-{version}-{archive.sha256[:12]}"
        mark(place)
        return unpack(archive.path, place, keep=keep, reporter=self.reporter, check=check)

    def _archive(self, version: KernelVersion) -> Archive:
        """The archive, in use from now on."""
        archive = self.archive(version)
        mark(archive.path)
        # Freed before it was marked: fetched again.
        return archive if archive.path.is_file() else self.archive(version)

    def is_unpacked(self, version: KernelVersion) -> bool:
        """See HasTrees."""
        return any(p.is_dir() for p in (self.cache / "trees").glob(f"linux-{version}-*"))

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        """See Source.blobs; read from the unpacked tree."""
        wanted = list(paths)
        tree = self._tree(version, wanted, check=False)
        found = read_blobs(tree, wanted)
        if differing(tree, found) == []:
            return found
        tree = self._tree(version, wanted, check=True)  # brings back what is not as it was
        found = read_blobs(tree, wanted)
        if differing(tree, found):
            raise SourceFailedError(
                f"{tree}: damaged again right after it was unpacked", "check the disk"
            )
        return found

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        """See Source.speaks_of; of the whole archive: a tree lacks what no x86 needs."""
        return self._names_of(version).speaks_of(name)

    def speaking_of(self, version: KernelVersion, name: str) -> list[str] | None:
        """See Source.speaking_of; what no x86 needs is left out."""
        found = self._names_of(version).speaking_of(name)
        return found and self._unpacked(version, found)

    def files_called(self, version: KernelVersion, name: str) -> list[str]:
        """See Source.called; what no x86 needs is left out."""
        return self._unpacked(version, self._names_of(version).files_called(name))

    def _unpacked(self, version: KernelVersion, paths: list[str]) -> list[str]:
        if not paths:
            return []
        tree = self._tree(version, (), check=False)
        return [path for path in paths if (tree / path).is_file()]

    def _names_of(self, version: KernelVersion) -> TreeNames:
        if version not in self._names:
            archive = self._archive(version)
            place = self.cache / "names" / f"linux-{version}-{archive.sha256[:12]}"
            mark(place)
            self._names[version] = TreeNames(
                place, str(version), lambda step: self._files(version, step), self.reporter
            )
        return self._names[version]

    def _files(self, version: KernelVersion, step: Step) -> Iterator[tuple[str, bytes]]:
        return _files(self._archive(version).path, step)


def _files(archive: Path, step: Step) -> Iterator[tuple[str, bytes]]:
    """Every file of an archive. Raises SourceFailedError where it cannot be read to its end."""
    with decoded(archive) as source:
        for number, file in enumerate(regular_files(source.stream)):
            if number % 256 == 0:
                source.tell(step)
            yield file
