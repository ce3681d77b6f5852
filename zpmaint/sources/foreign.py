# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages of another architecture: fetched through the machine's own apt, only unpacked.

What the machine installs from, for which architectures, and what is installed stay as they are,
and no rights are needed. The chain of trust is apt's: the machine's keyring, InRelease, the index
of packages, the sha256 of the file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from debian.deb822 import Packages
from debian.debian_support import Version

from zpmaint.cell.launch import run
from zpmaint.cell.values import Cell
from zpmaint.core import tools
from zpmaint.core.errors import InfraError
from zpmaint.core.files import landing, locked, write_whole
from zpmaint.core.progress import SILENT, Reporter
from zpmaint.sources import manifest
from zpmaint.sources.apt import Apt, Entry, Index, machine_entries
from zpmaint.sources.source import NotServedError, SourceFailedError

_COMPONENT = "main"
_MAX_AGE = 3600.0
_FACTS = "zpmaint.json"
"""Beside the unpacked files: which package they are of."""


@dataclass(frozen=True)
class _Deb:
    """One package, as an index lists it."""

    version: str
    uri: str
    sha256: str
    size: int


def unpacked(
    package: str,
    arch: str,
    *,
    cache: Path,
    reporter: Reporter = SILENT,
    entries: Sequence[Entry] | None = None,
) -> Path:
    """The folder below `cache` with the files of `package` for `arch`; fetched where it is not
    there yet, and then kept: asked for offline, too.

    Of several versions that the machine's mirrors have, the newest that can be fetched is taken.
    `entries` stand for the machine's sources.list. Raises InfraError: no apt, no such package, the
    network, a checksum, an archive that does not unpack.
    """
    folder = cache / "packages" / arch / package
    with locked(folder, reporter):
        if _is_whole(folder, reporter):
            return folder
        tools.need("dpkg-deb")
        apt = Apt(cache / "packages" / "apt")
        found = _found(apt, package, arch, reporter, entries)
        deb, path = _fetched(apt, found, folder.parent, reporter)
        with reporter.step(f"unpack {package} {deb.version} ({arch})"), landing(folder) as fresh:
            # What it holds is root's to unpack by dpkg's own ways: it can write there alone.
            cell = Cell(
                "dpkg-deb",
                writable=(fresh,),
                readable=(path,),
                environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            )
            done = run(["dpkg-deb", "--extract", path, fresh], cell)
            if done.ended.status:
                said = done.stderr.decode("utf-8", "replace").strip()
                raise InfraError(f"{path.name} does not unpack: {said}", f"delete {path}")
            facts = {"version": deb.version, "uri": deb.uri, "sha256": deb.sha256}
            write_whole(fresh / _FACTS, json.dumps(facts, indent=1) + "\n")
            manifest.write(fresh, folder)
        path.unlink(missing_ok=True)
    return folder


def _is_whole(folder: Path, reporter: Reporter) -> bool:
    return (folder / _FACTS).is_file() and manifest.is_sound(folder, reporter)


def _found(
    apt: Apt, package: str, arch: str, reporter: Reporter, entries: Sequence[Entry] | None
) -> list[_Deb]:
    """The package's versions on the mirrors, the newest first."""
    own = list(entries) if entries is not None else machine_entries()
    if not own:
        raise SourceFailedError("this machine's apt has no mirror", "is there a sources.list?")
    indexes = apt.update(own, _COMPONENT, max_age=_MAX_AGE, reporter=reporter, arch=arch)
    found = [deb for index in indexes for deb in _listed(index, apt.read(index), package)]
    if not found:
        raise SourceFailedError(
            f"no package {package} for {arch} in {', '.join(entry.suite for entry in own)}",
            "does `apt-get update` work on this machine?",
        )
    return sorted(dict.fromkeys(found), key=lambda deb: Version(deb.version), reverse=True)


def _fetched(apt: Apt, found: Iterable[_Deb], place: Path, reporter: Reporter) -> tuple[_Deb, Path]:
    gone = []
    for deb in found:
        path = place / f"{deb.sha256[:12]}.{deb.uri.rpartition('/')[2]}"
        try:
            apt.fetch(deb.uri, path, sha256=deb.sha256, size=deb.size, reporter=reporter)
        except NotServedError as error:
            gone.append(error.what)
        else:
            return deb, path
    raise SourceFailedError("; ".join(gone), "does `apt-get update` work on this machine?")


def _listed(index: Index, text: bytes, package: str) -> Iterator[_Deb]:
    start = f"Package: {package}\n".encode()
    for stanza in text.split(b"\n\n"):
        if stanza.lstrip(b"\n").startswith(start):
            row = Packages(stanza.splitlines())
            yield _Deb(
                row["Version"], f"{index.uri}/{row['Filename']}", row["SHA256"], int(row["Size"])
            )
