"""What all sources of tarballs share: an archive in, a tree and its files out."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.progress import SILENT, Reporter
from zpmaint.core.tools import need, run
from zpmaint.core.versions import KernelVersion
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tree import files_speaking_of, read_blobs
from zpmaint.sources.unpack import unpack


@dataclass(frozen=True)
class Archive:
    """A source archive on the disk, verified."""

    path: Path
    sha256: str


class TarballSource(ABC):
    """A source whose kernels come as .tar.xz; unpacked once under cache/trees."""

    by_archive = True
    """One file costs the whole archive: asked after the sources that have files by themselves."""

    def __init__(self, cache: Path, reporter: Reporter = SILENT) -> None:
        self.cache = cache
        self.reporter = reporter

    @abstractmethod
    def archive(self, version: KernelVersion) -> Archive:
        """The verified archive of `version`, fetched where it is not here yet."""

    def tree(self, version: KernelVersion, keep: Iterable[str] = ()) -> Path:
        """See Source.tree; what is left out is in unpack.toml."""
        archive = self.archive(version)
        # Two archives of one version may differ: each has its own tree.
        place = self.cache / "trees" / f"linux-{version}-{archive.sha256[:12]}"
        return unpack(archive.path, place, keep=keep, reporter=self.reporter)

    def blobs(self, version: KernelVersion, paths: Iterable[str]) -> dict[str, bytes | None]:
        """See Source.blobs; read from the unpacked tree."""
        wanted = list(paths)
        return read_blobs(self.tree(version, keep=wanted), wanted)

    def speaking_of(self, version: KernelVersion, name: str) -> list[str]:
        """See Source.speaking_of; what no x86 needs is not looked at."""
        return files_speaking_of(self.tree(version), name)

    def speaks_of(self, version: KernelVersion, name: str) -> bool:
        """See Source.speaks_of; where names are declared is looked at first, then the tree, then
        the whole archive: a tree lacks what no x86 needs."""
        tree = self.tree(version)
        for place in (tree / "include", tree):
            if run(["grep", "-rqwF", "-e", name, str(place)]).returncode == 0:
                return True
        archive = self.archive(version).path
        need("xz")
        with (
            subprocess.Popen(
                ["xz", "-dc", str(archive)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
            ) as xz,
            subprocess.Popen(
                ["grep", "-acwF", "-e", name], stdin=xz.stdout, stdout=subprocess.DEVNULL
            ) as found,
        ):
            assert xz.stdout is not None and xz.stderr is not None
            xz.stdout.close()  # grep alone holds it
            said = xz.stderr.read().decode(errors="replace").strip()
        if xz.returncode != 0 or found.returncode not in (0, 1):
            raise SourceFailedError(
                f"{archive}: cannot be read: {said}", "delete it; it will be fetched again"
            )
        return found.returncode == 0
