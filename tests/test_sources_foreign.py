# SPDX-License-Identifier: GPL-2.0-only
"""Packages of another architecture: a toy archive, signed with a throw-away key, and real apt."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from sources_fixtures import Notes, Signer, Site, site

from zpmaint.core.errors import InfraError
from zpmaint.sources.apt import Entry
from zpmaint.sources.foreign import unpacked
from zpmaint.sources.source import SourceFailedError

__all__ = ["site"]

pytestmark = pytest.mark.skipif(
    not (
        Path("/usr/lib/apt/apt-helper").exists()
        and shutil.which("gpg")
        and shutil.which("dpkg-deb")
    ),
    reason="apt, dpkg or gpg is not installed",
)


class Mirror:
    """An archive of i386 packages."""

    def __init__(self, site: Site, home: Path) -> None:
        self.site, self.home = site, home
        self.signer = Signer(home)
        self.stanzas: list[str] = []
        self.entry = Entry(f"{site.url}/debian", "bookworm", str(self.signer.keyring))

    def add(self, version: str, *, package: str = "musl-dev", data: bytes | None = None) -> str:
        """A package with one file; its path on the site."""
        folder = self.home / f"{package}-{version}"
        library = folder / "usr/lib/i386-linux-musl/libc.a"
        library.parent.mkdir(parents=True)
        library.write_text(f"libc of {version}\n")
        (folder / "DEBIAN").mkdir()
        (folder / "DEBIAN/control").write_text(
            f"Package: {package}\nVersion: {version}\nArchitecture: i386\n"
            "Maintainer: A <a@example.org>\nDescription: toy\n"
        )
        deb = self.home / f"{package}_{version}_i386.deb"
        command = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", folder, deb]
        subprocess.run(command, check=True, capture_output=True)
        data = deb.read_bytes() if data is None else data
        name = f"pool/main/m/{deb.name}"
        self.site.files[f"/debian/{name}"] = data
        self.stanzas.append(
            f"Package: {package}\nVersion: {version}\nArchitecture: i386\nFilename: {name}\n"
            f"Size: {len(data)}\nSHA256: {hashlib.sha256(data).hexdigest()}\n"
            "Description: toy\n\n"
        )
        return f"/debian/{name}"

    def publish(self) -> Entry:
        text = "".join(["Package: musl-devil\nVersion: 9\n\n", *self.stanzas]).encode()
        packed = lzma.compress(text)
        index = "main/binary-i386/Packages"
        rows = "".join(
            f" {hashlib.sha256(data).hexdigest()} {len(data)} {index}{end}\n"
            for data, end in ((text, ""), (packed, ".xz"))
        )
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() - 60))
        release = (
            f"Origin: Debian\nSuite: bookworm\nCodename: bookworm\nDate: {stamp}\n"
            f"Architectures: amd64 i386\nComponents: main\nSHA256:\n{rows}"
        )
        base = "/debian/dists/bookworm"
        self.site.files[f"{base}/InRelease"] = self.signer.signed(release.encode())
        self.site.files[f"{base}/{index}.xz"] = packed
        return self.entry


@pytest.fixture
def mirror(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Mirror(site, tmp_path / "gpg")


def fetched(tmp_path: Path, entry: Entry, package: str = "musl-dev") -> Path:
    return unpacked(package, "i386", cache=tmp_path / "cache", reporter=Notes(), entries=[entry])


def libc(folder: Path) -> str:
    return (folder / "usr/lib/i386-linux-musl/libc.a").read_text()


def test_the_newest_is_unpacked_and_kept(mirror: Mirror, site: Site, tmp_path: Path) -> None:
    for version in ("1.2.9-1", "1.2.10-1", "1.2.10~rc1-1"):
        mirror.add(version)
    entry = mirror.publish()
    folder = fetched(tmp_path, entry)
    assert libc(folder) == "libc of 1.2.10-1\n"
    facts = json.loads((folder / "zpmaint.json").read_text())
    assert facts["version"] == "1.2.10-1"
    assert facts["sha256"] == site.sha256("/debian/pool/main/m/musl-dev_1.2.10-1_i386.deb")
    site.files.clear()
    asked = len(site.log)
    assert fetched(tmp_path, entry) == folder
    assert len(site.log) == asked


def test_one_that_is_gone_gives_way_to_the_next(mirror: Mirror, site: Site, tmp_path: Path) -> None:
    mirror.add("1.2.9-1")
    newest = mirror.add("1.2.10-1")
    entry = mirror.publish()
    del site.files[newest]
    assert libc(fetched(tmp_path, entry)) == "libc of 1.2.9-1\n"


def test_other_bytes_than_the_index_names_are_refused(
    mirror: Mirror, site: Site, tmp_path: Path
) -> None:
    path = mirror.add("1.2.9-1")
    entry = mirror.publish()
    site.files[path] = site.files[path].replace(b"libc of 1.2.9", b"evil of 1.2.9")
    with pytest.raises(SourceFailedError):
        fetched(tmp_path, entry)
    assert not (tmp_path / "cache/packages/i386/musl-dev").exists()


def test_an_index_that_nobody_signed_is_refused(mirror: Mirror, site: Site, tmp_path: Path) -> None:
    mirror.add("1.2.9-1")
    entry = mirror.publish()
    inrelease = "/debian/dists/bookworm/InRelease"
    site.files[inrelease] = site.files[inrelease].replace(b"Suite: bookworm", b"Suite: bookwyrm")
    with pytest.raises(SourceFailedError):
        fetched(tmp_path, entry)
    assert not any("musl-dev" in path for _, path, _ in site.log)


def test_what_no_mirror_has_is_named(mirror: Mirror, tmp_path: Path) -> None:
    mirror.add("1.2.9-1")
    with pytest.raises(SourceFailedError, match="no package libgcc-12-dev for i386 in bookworm"):
        fetched(tmp_path, mirror.publish(), "libgcc-12-dev")


def test_half_an_archive_lands_nowhere(mirror: Mirror, tmp_path: Path) -> None:
    mirror.add("1.2.9-1", data=b"!<arch>\ncut off")
    with pytest.raises(InfraError, match="does not unpack"):
        fetched(tmp_path, mirror.publish())
    assert not (tmp_path / "cache/packages/i386/musl-dev").exists()
