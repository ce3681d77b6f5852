# SPDX-License-Identifier: GPL-2.0-only
"""Debian's source packages, whole: the upstream tarball and the queue on top."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from debian.deb822 import Sources

from zpmaint.core.errors import UserError
from zpmaint.core.progress import Reporter
from zpmaint.evaluate.build import Package, Upstream
from zpmaint.sources.debian import DebianSource
from zpmaint.sources.source import NotServedError

_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")


@dataclass(frozen=True)
class _File:
    """One file of a source package, as an index lists it."""

    uri: str
    sha256: str
    size: int


class Packages(DebianSource):
    """Source packages of the machine's Debian mirrors, by their versions."""

    called = "linux"

    @classmethod
    def of(cls, called: str, cache: Path, reporter: Reporter) -> Packages:
        """The packages of a name. Raises UserError for what is none."""
        if not _NAME.fullmatch(called):
            raise UserError(f"{called!r} is no name of a Debian source package")
        packages = cls("", cache, reporter)
        packages.called = called
        return packages

    def package(self, name: str) -> Package:
        """The package of version `name` with both its tarballs on the disk.

        Raises NotServedError where no index lists it or a mirror no longer has its files.
        """
        queue, _ = self._listed(name)
        below = self.upstream(name)
        place = self._folder / f"{self.called}_{name}.{queue[0].sha256[:12]}.debian.tar.xz"
        return Package(
            name=name,
            version=below.version,
            queue=self._fetched(queue, place),
            queue_sha256=queue[0].sha256,
            orig=below.orig,
            orig_sha256=below.orig_sha256,
        )

    def upstream(self, name: str) -> Upstream:
        """The upstream tarball of version `name`, on the disk. Raises NotServedError likewise."""
        _, orig = self._listed(name)
        upstream = name.rpartition("-")[0]
        place = self._folder / f"{self.called}_{upstream}.{orig[0].sha256[:12]}.orig.tar.xz"
        version = upstream.replace("~rc", "-rc")
        return Upstream(version, self._fetched(orig, place), orig[0].sha256)

    def _listed(self, name: str) -> tuple[list[_File], list[_File]]:
        listed = self._packages.get(name)
        if listed is None:
            raise NotServedError(f"{self.name}: no index lists {self.called} {name}")
        return listed

    def _fetched(self, files: Sequence[_File], place: Path) -> Path:
        """One file from whichever mirror has it."""
        gone: list[NotServedError] = []
        for file in files:
            if place.is_file():
                break
            try:
                self._apt.fetch(
                    file.uri, place, sha256=file.sha256, size=file.size, reporter=self.reporter
                )
            except NotServedError as error:
                gone.append(error)
            else:
                break
        if not place.is_file():
            raise gone[0]
        return place

    @cached_property
    def _packages(self) -> dict[str, tuple[list[_File], list[_File]]]:
        """Version to where its queue and its upstream tarball are, in all indexes."""
        found: dict[str, tuple[list[_File], list[_File]]] = {}
        name = re.escape(self.called.encode())
        stanzas = re.compile(rb"^Package: " + name + rb"\n(?:[^\n]+\n)*", re.M)
        for index in self._update(self._all_entries()):
            if index.origin not in self._table["origins"]:
                continue
            for stanza in stanzas.finditer(self._apt.read(index)):
                source = Sources(stanza[0].splitlines())
                queues, origs = found.setdefault(source["Version"], ([], []))
                for row in source["Checksums-Sha256"]:
                    uri = f"{index.uri}/{source['Directory']}/{row['name']}"
                    file = _File(uri, row["sha256"], int(row["size"]))
                    if row["name"].endswith(".debian.tar.xz"):
                        _offered(queues, file)
                    elif row["name"].endswith(".orig.tar.xz"):
                        _offered(origs, file)
        return {name: (q, o) for name, (q, o) in found.items() if q and o}


def _offered(files: list[_File], file: _File) -> None:
    """One more place of a file; another file of that name, in another suite, is not it."""
    if file not in files and all(known.sha256 == file.sha256 for known in files):
        files.append(file)
