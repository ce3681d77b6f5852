# SPDX-License-Identifier: GPL-2.0-only
"""Toy source packages: two kernels, a queue on each, as Debian packs them."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from zpmaint.diffs.writer import unified
from zpmaint.evaluate.build import Package, Upstream
from zpmaint.merge.lines import lines_of
from zpmaint.sources.source import NotServedError

Files = Mapping[str, str | None]


def patch(*changes: tuple[str, str | None, str | None]) -> str:
    """A patch of (path, before, after)."""
    return "A toy patch.\n\n" + "".join(
        unified(
            path,
            None if old is None else lines_of(old.encode()),
            None if new is None else lines_of(new.encode()),
        )
        for path, old, new in changes
    )


def tar_xz(place: Path, files: Mapping[str, bytes]) -> str:
    """Write a .tar.xz; returns its sha256."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(place, "w:xz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return hashlib.sha256(place.read_bytes()).hexdigest()


def package(
    folder: Path,
    name: str,
    tree: Mapping[str, str],
    queue: Sequence[tuple[str, str]],
    rt: Sequence[tuple[str, str]] = (),
) -> Package:
    """A source package: the upstream tree, and patches by name in their order."""
    version = name.rpartition("-")[0]
    orig = folder / f"linux_{version}.orig.tar.xz"
    top = f"linux-{version}"
    orig_sha = tar_xz(orig, {f"{top}/{path}": text.encode() for path, text in tree.items()})
    parts: dict[str, bytes] = {"debian/changelog": b"toy"}
    for where, patches in (("debian/patches", queue), ("debian/patches-rt", rt)):
        if patches:
            listed = "# a comment\n\n" + "".join(f"{title}\n" for title, _ in patches)
            parts[f"{where}/series"] = listed.encode()
        for title, text in patches:
            parts[f"{where}/{title}"] = text.encode()
    debian = folder / f"linux_{name}.debian.tar.xz"
    return Package(name, version, debian, tar_xz(debian, parts), orig, orig_sha)


@dataclass
class Counter:
    """A session that serves what it was given, and counts what it was asked for."""

    packages: Mapping[str, Package]
    asked: list[str] = field(default_factory=list)

    def package(self, name: str) -> Package:
        self.asked.append(name)
        if name not in self.packages:
            raise NotServedError(f"no index lists linux {name}")
        return self.packages[name]

    def upstream(self, name: str) -> Upstream:
        found = self.package(name)
        return Upstream(found.version, found.orig, found.orig_sha256)


def numbered(count: int, **changed: str) -> str:
    """A file of lines "line 1" .., some of them put otherwise: l3="other"."""
    lines = [changed.get(f"l{n}", f"line {n}") for n in range(1, count + 1)]
    return "".join(f"{line}\n" for line in lines if line != "-")
