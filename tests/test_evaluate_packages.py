# SPDX-License-Identifier: GPL-2.0-only
"""Whole source packages from a Debian archive that a local server plays."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sources_fixtures import Notes, Site, site
from test_sources_debian import Archive, needs_apt

from zpmaint.evaluate.packages import Packages
from zpmaint.sources.source import NotServedError

__all__ = ["site"]

pytestmark = needs_apt
QUEUE = b"a queue"
POOL = "/debian/pool/main/l/linux"


def add(archive: Archive, suite: str, version: str, revision: str, queue: bytes = QUEUE) -> None:
    """A package with both its tarballs."""
    archive.add(suite, version, revision=revision)
    name = f"linux_{version}-{revision}.debian.tar.xz"
    archive.site.files[f"{POOL}/{name}"] = queue
    row = f" {hashlib.sha256(queue).hexdigest()} {len(queue)} {name}\n"
    last = archive.stanzas[suite].pop()
    archive.stanzas[suite].append(last.replace("Package-List:", f"{row}Package-List:", 1))
    archive.publish(suite)


@pytest.fixture
def archive(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Archive(site, tmp_path / "gpg")
    add(made, "trixie", "6.12.94", "1")
    add(made, "trixie", "6.12.94", "2", b"another queue")
    add(made, "sid", "7.3~rc7", "1~exp1")
    return made


def packages(archive: Archive, tmp_path: Path) -> Packages:
    return Packages("sid", tmp_path / "cache", Notes(), entries=[archive.entry("trixie")])


def test_both_tarballs_of_the_very_revision(archive: Archive, tmp_path: Path) -> None:
    found = packages(archive, tmp_path).package("6.12.94-2")
    assert (found.name, found.version) == ("6.12.94-2", "6.12.94")
    assert found.queue.read_bytes() == b"another queue"
    assert found.queue_sha256 == hashlib.sha256(b"another queue").hexdigest()
    assert hashlib.sha256(found.orig.read_bytes()).hexdigest() == found.orig_sha256
    candidate = packages(archive, tmp_path).package("7.3~rc7-1~exp1")
    assert candidate.version == "7.3-rc7" and candidate.queue.read_bytes() == QUEUE


def test_a_tarball_that_is_here_is_not_fetched_again(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    first = packages(archive, tmp_path).package("6.12.94-1")
    asked = [path for _, path, _ in site.log if "/pool/" in path]
    assert sorted(asked) == [
        f"{POOL}/linux_6.12.94-1.debian.tar.xz",
        f"{POOL}/linux_6.12.94.orig.tar.xz",
    ]
    for path in asked:
        del site.files[path]
    assert packages(archive, tmp_path).package("6.12.94-1") == first


def test_what_is_listed_but_gone_is_said_to_be_so(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    del site.files[f"{POOL}/linux_6.12.94-1.debian.tar.xz"]
    with pytest.raises(NotServedError, match="gone from the mirror"):
        packages(archive, tmp_path).package("6.12.94-1")
    below = packages(archive, tmp_path).upstream("6.12.94-1")  # which is there nevertheless
    assert below.version == "6.12.94" and below.orig.is_file()
    with pytest.raises(NotServedError, match=r"no index lists linux 6\.12\.95-1"):
        packages(archive, tmp_path).package("6.12.95-1")
