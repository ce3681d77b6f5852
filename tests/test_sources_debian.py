# SPDX-License-Identifier: GPL-2.0-only
"""Debian's archive, played by a local server and signed with a throw-away key."""

from __future__ import annotations

import fcntl
import hashlib
import lzma
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from sources_fixtures import Notes, Signer, Site, V, site, tarball

from zpmaint.core.errors import UserError
from zpmaint.sources import apt, apt_release
from zpmaint.sources import debian as module
from zpmaint.sources.apt import Entry, machine_entries
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.debian import DebianSource
from zpmaint.sources.source import NotServedError, SourceFailedError

__all__ = ["site"]

needs_apt = pytest.mark.skipif(
    not (Path("/usr/lib/apt/apt-helper").exists() and shutil.which("gpg")),
    reason="apt or gpg is not installed",
)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Archive:
    """A Debian archive that can be signed, spoilt and pruned."""

    def __init__(self, site: Site, home: Path, root: str = "/debian") -> None:
        self.site, self.home, self.root = site, home, root
        self.signer = Signer(home)
        self.keyring = self.signer.keyring
        self.stanzas: dict[str, list[str]] = {}

    def entry(self, suite: str) -> Entry:
        return Entry(self.site.url + self.root, suite, str(self.keyring))

    def add(
        self,
        suite: str,
        version: str,
        package: str = "linux",
        data: bytes = b"",
        revision: str = "1",
    ) -> str:
        """A source package of a kernel; the path of its tarball."""
        folder = f"pool/main/l/{package}"
        name = f"{package}_{version}.orig.tar.xz"
        data = data or tarball(version.replace("~", "-"))
        path = f"{self.root}/{folder}/{name}"
        self.site.files[path] = data
        rows = f" {hashlib.sha256(data).hexdigest()} {len(data)} {name}"
        self.stanzas.setdefault(suite, []).append(
            f"Package: {package}\nBinary: {package}-source\nVersion: {version}-{revision}\n"
            f"Directory: {folder}\nChecksums-Sha256:\n {'0' * 64} 12 {package}_{version}.dsc\n"
            f"{rows}\nPackage-List: \n x deb y z\n"
        )
        return path

    def publish(self, suite: str, origin: str = "Debian", valid: float | None = None) -> None:
        """Sign the suite's lists; `valid` is for how many seconds from now they are."""
        other = (
            "Package: linux-base\nVersion: 4.12\nDirectory: pool/b\nChecksums-Sha256:\n 00 1 x\n"
        )
        sources = "\n".join([other, *self.stanzas.get(suite, []), ""]).encode()
        packed = lzma.compress(sources)
        base = f"{self.root}/dists/{suite}"
        rows = "\n".join(
            f" {hashlib.sha256(data).hexdigest()} {len(data)} main/source/Sources{end}"
            for data, end in ((sources, ""), (packed, ".xz"))
        )
        stamp = time.strftime("%a, %d %b %Y %H:%M:%S UTC", time.gmtime(time.time() - 60))
        until = ""
        if valid is not None:
            at = time.gmtime(time.time() + valid)
            until = time.strftime("Valid-Until: %a, %d %b %Y %H:%M:%S UTC\n", at)
        release = (
            f"Origin: {origin}\nLabel: Debian\nSuite: {suite}\nCodename: {suite}\nDate: {stamp}\n"
            f"{until}"
            f"Architectures: amd64 source\nComponents: main\nSHA256:\n{rows}\n"
        )
        self.site.files[f"{base}/InRelease"] = self.signer.signed(release.encode())
        self.site.files[f"{base}/main/source/Sources.xz"] = packed


@pytest.fixture
def archive(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made = Archive(site, tmp_path / "gpg")
    made.add("trixie", "6.12.94")
    made.add("trixie", "6.12.107")
    made.add("sid", "7.2.6")
    made.add("sid", "7.3~rc7")
    made.add("bookworm", "6.1.176")
    made.add("bookworm", "6.12.107", "linux-6.12", revision="1~deb12u1")
    for suite in ("trixie", "sid", "bookworm"):
        made.publish(suite)
    return made


def source(
    archive: Archive, tmp_path: Path, where: str = "bookworm sid", **more: float
) -> DebianSource:
    return DebianSource(
        where, tmp_path / "cache", Notes(), entries=[archive.entry("trixie")], **more
    )  # fmt: skip


@needs_apt
def test_versions_are_those_that_can_be_fetched(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    del site.files["/debian/pool/main/l/linux/linux_6.12.94.orig.tar.xz"]
    served = source(archive, tmp_path)
    assert [str(v) for v in served.versions()] == ["6.1.176", "6.12.107", "7.2.6", "7.3-rc7"]
    assert V("6.12.94") in served.listed()


@needs_apt
def test_newest_asks_from_the_newest_on(archive: Archive, site: Site, tmp_path: Path) -> None:
    gone = [archive.add("sid", f"7.2.{n}") for n in (8, 9)]
    archive.publish("sid")
    for path in gone:
        del site.files[path]
    served = source(archive, tmp_path)
    assert served.newest("7") == V("7.2.6")
    assert served.newest("7") == V("7.2.6")
    asked = [path for _, path, _ in site.log if "/pool/" in path]
    assert [p.split("_")[1] for p in asked] == [
        "7.2.9.orig.tar.xz", "7.2.8.orig.tar.xz", "7.2.6.orig.tar.xz",
    ]  # fmt: skip
    with pytest.raises(NotServedError, match=r"series 5\.10"):
        served.newest("5.10")
    with pytest.raises(UserError, match="not a series"):
        served.newest("new")


@needs_apt
def test_a_series_whose_files_are_all_gone(archive: Archive, site: Site, tmp_path: Path) -> None:
    del site.files["/debian/pool/main/l/linux/linux_6.1.176.orig.tar.xz"]
    with pytest.raises(NotServedError, match=r"listed but gone: 6\.1\.176"):
        source(archive, tmp_path).newest("6.1")


@needs_apt
def test_a_tree_comes_verified_and_pinned(archive: Archive, site: Site, tmp_path: Path) -> None:
    served = source(archive, tmp_path)
    tree = served.tree(V("6.12.107"))
    assert served.blobs(V("6.12.107"), ["mm/memory.c"])["mm/memory.c"] is not None
    assert tree.parent == tmp_path / "cache/trees"
    site.log.clear()
    assert source(archive, tmp_path).tree(V("6.12.107")) == tree
    assert site.log == []
    assert (served.tree(V("7.3-rc7")) / "Makefile").is_file()


@needs_apt
def test_another_tarball_of_the_same_version(archive: Archive, site: Site, tmp_path: Path) -> None:
    other = tarball("6.12.107", README="repacked")
    path = archive.add("sid", "6.12.107", "linux-6.13", data=other)
    archive.publish("sid")
    first = source(archive, tmp_path)
    del site.files["/debian/pool/main/l/linux/linux_6.12.107.orig.tar.xz"]
    del site.files["/debian/pool/main/l/linux-6.12/linux-6.12_6.12.107.orig.tar.xz"]
    tree = first.tree(V("6.12.107"))
    assert (tree / "README").read_text() == "repacked"
    assert sha256(other)[:12] in tree.name
    assert "linux-6.13" in path
    # The first suite has its own tarball again: what was taken once stays.
    archive.add("trixie", "6.12.107")
    assert source(archive, tmp_path).tree(V("6.12.107")) == tree
    for kept in (tmp_path / "cache/debian").glob("linux_6.12.107.*"):
        kept.unlink()
    assert source(archive, tmp_path).archive(V("6.12.107")).sha256 == sha256(other)


@needs_apt
def test_gone_files_are_said_to_be_gone(archive: Archive, site: Site, tmp_path: Path) -> None:
    served = source(archive, tmp_path)
    assert served.newest("7") == V("7.2.6")
    del site.files["/debian/pool/main/l/linux/linux_7.2.6.orig.tar.xz"]
    with pytest.raises(NotServedError, match="gone from the mirror"):
        served.tree(V("7.2.6"))
    with pytest.raises(NotServedError):
        served.newest("7")
    with pytest.raises(NotServedError, match=r"6\.12\.94, 6\.12\.107"):
        served.tree(V("6.12.100"))
    with pytest.raises(NotServedError, match="upstream") as caught:
        served.tree(V("6.12.107-1"))
    assert caught.value.hint == "ask for 6.12.107"


@needs_apt
def test_a_file_that_is_not_what_the_index_says(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    path = "/debian/pool/main/l/linux/linux_7.2.6.orig.tar.xz"
    good = site.files[path]
    site.files[path] = good[:-1] + b"x"
    served = source(archive, tmp_path)
    with pytest.raises(SourceFailedError, match=r"(?i)sha256|hash sum"):
        served.tree(V("7.2.6"))
    assert not (tmp_path / "cache/trees").exists()
    site.files[path] = good
    assert (served.tree(V("7.2.6")) / "Makefile").is_file()


@needs_apt
def test_bytes_spoilt_on_the_disk_are_found_and_fetched_again(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    data = site.files["/debian/pool/main/l/linux/linux_7.2.6.orig.tar.xz"]
    part = tmp_path / f"cache/debian/.linux_7.2.6.{sha256(data)[:12]}.orig.tar.xz.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(data[:-1] + b"x")
    served = source(archive, tmp_path)
    assert served.archive(V("7.2.6")).path.read_bytes() == data
    assert "expected" in served.reporter.notes[0]  # type: ignore[attr-defined]


@needs_apt
def test_an_index_with_a_wrong_signature_counts_for_nothing(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    page = site.files["/debian/dists/sid/InRelease"]
    site.files["/debian/dists/sid/InRelease"] = page.replace(b"Label: Debian", b"Label: Debiam")
    served = source(archive, tmp_path)
    assert V("7.2.6") not in served.listed() and V("6.12.107") in served.listed()
    assert any("sid" in note for note in served.reporter.notes)  # type: ignore[attr-defined]


@needs_apt
def test_what_a_list_would_have_that_could_not_be_read_is_not_known(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    """That it is not there would be the user's mistake; this is the mirror's trouble."""
    page = site.files["/debian/dists/sid/InRelease"]
    site.files["/debian/dists/sid/InRelease"] = page.replace(b"Label: Debian", b"Label: Debiam")
    served = source(archive, tmp_path)
    with pytest.raises(SourceFailedError, match=r"7\.2\.6 is in no list that could be read"):
        served.archive(V("7.2.6"))
    with pytest.raises(SourceFailedError, match=r"series 7\.2 is in no list that could be read"):
        served.newest("7.2")
    assert served.newest("6.12") == V("6.12.107"), "what could be read is served"
    site.files["/debian/dists/sid/InRelease"] = page
    with pytest.raises(NotServedError):
        source(archive, tmp_path / "other").archive(V("7.2.7"))


@needs_apt
def test_an_index_that_is_not_the_signed_one_counts_for_nothing(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    path = "/debian/dists/sid/main/source/Sources.xz"
    site.files[path] = lzma.compress(lzma.decompress(site.files[path]).replace(b"7.2.6", b"7.2.7"))
    served = source(archive, tmp_path)
    assert not [v for v in served.listed() if v.numbers[0] == 7]


@needs_apt
def test_mirrors_that_are_not_debians_are_left_alone(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    other = Archive(site, tmp_path / "gpg", root="/other")
    other.add("stable", "6.99")
    other.publish("stable", origin="Somebody")
    served = DebianSource(
        "sid", tmp_path / "cache", Notes(), entries=[other.entry("stable"), archive.entry("trixie")]
    )
    assert V("6.99") not in served.listed() and V("7.2.6") in served.listed()
    alone = DebianSource("sid", tmp_path / "b", Notes(), entries=[other.entry("stable")])
    with pytest.raises(SourceFailedError, match="no Debian mirror"):
        alone.newest("6")


@needs_apt
def test_a_suite_of_another_maker_on_a_debian_mirror(archive: Archive, tmp_path: Path) -> None:
    archive.publish("sid", origin="Somebody")
    archive.publish("bookworm", origin="Debian Backports")
    listed = source(archive, tmp_path).listed()
    assert V("7.2.6") not in listed and V("6.1.176") in listed


@needs_apt
def test_indexes_are_asked_for_once_an_hour(archive: Archive, site: Site, tmp_path: Path) -> None:
    source(archive, tmp_path).listed()
    site.log.clear()
    source(archive, tmp_path).listed()
    assert site.log == []
    archive.add("sid", "7.2.7")
    archive.publish("sid")
    assert V("7.2.7") in source(archive, tmp_path, max_age=0).listed()


@needs_apt
def test_a_mirror_that_is_down(archive: Archive, tmp_path: Path) -> None:
    entry = Entry("http://127.0.0.1:1/debian", "trixie", str(archive.keyring))
    served = DebianSource("sid", tmp_path / "cache", Notes(), entries=[entry])
    with pytest.raises(SourceFailedError, match=r"127\.0\.0\.1"):
        served.newest("6.12")


@needs_apt
def test_sigkill_in_the_middle_then_the_rest(archive: Archive, site: Site, tmp_path: Path) -> None:
    noise = os.urandom(700_000).hex()
    path = archive.add("sid", "7.2.9", data=tarball("7.2.9", README=noise))
    archive.publish("sid")
    source(archive, tmp_path).listed()
    site.pause = 0.04
    code = (
        "import sys; from pathlib import Path\n"
        "from zpmaint.sources.apt import Entry; from zpmaint.sources.debian import DebianSource\n"
        "from zpmaint.core.versions import KernelVersion\n"
        "e = [Entry(*sys.argv[1:4])]\n"
        "s = DebianSource('bookworm sid', Path(sys.argv[4]), entries=e)\n"
        "s.archive(KernelVersion.parse('7.2.9'))"
    )
    entry = archive.entry("trixie")
    child = subprocess.Popen(
        [sys.executable, "-c", code, entry.uri, entry.suite, entry.signed_by, tmp_path / "cache"],
        env={**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])},
    )
    folder, deadline = tmp_path / "cache/debian", time.monotonic() + 120
    while not any(p.stat().st_size > 100_000 for p in folder.glob(".*.part")):
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    # apt-helper goes on alone; until it has ended nobody else may write to the same file.
    with next(folder.glob(".*.part.lock")).open("w") as lock, pytest.raises(BlockingIOError):
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    site.pause = 0
    tree = source(archive, tmp_path).tree(V("7.2.9"))
    assert (tree / "README").read_text() == noise
    assert len(site.ranges(path)) <= 2  # apt-helper ended on its own, or its part was gone on with


def test_both_formats_of_sources_lists_are_read(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (tmp_path / "sources.list").write_text(
        "# deb http://off/ x main\ndeb http://m/debian/ trixie main contrib # why\n"
        "deb-src http://m/debian trixie main\ndeb cdrom:[x]/ trixie main\n"
        "deb [arch=amd64 signed-by=/k.gpg] https://s/debian-security trixie-security main\n"
        "deb http://flat/repo ./\n"
    )
    (parts / "a.sources").write_text(
        "Types: deb\nURIs: http://m/debian http://n/debian\nSuites: sid\n forky\nComponents: main\n"
        "Signed-By: /usr/share/k.gpg\n\nEnabled: no\nTypes: deb\nURIs: http://off\nSuites: y\n\n"
        "Types: deb\nURIs: http://inline\nSuites: z\nSigned-By:\n -----BEGIN PGP\n .\n abc\n"
    )
    (parts / "b.list").write_text("deb http://b/x bullseye main\n")
    (parts / "c.save").write_text("deb http://c/x bullseye main\n")
    assert machine_entries(tmp_path) == [
        Entry("http://m/debian", "trixie"),
        Entry("https://s/debian-security", "trixie-security", "/k.gpg"),
        Entry("http://b/x", "bullseye"),
        Entry("http://m/debian", "sid", "/usr/share/k.gpg"),
        Entry("http://m/debian", "forky", "/usr/share/k.gpg"),
        Entry("http://n/debian", "sid", "/usr/share/k.gpg"),
        Entry("http://n/debian", "forky", "/usr/share/k.gpg"),
    ]


def test_words_that_are_no_suites(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a suite"):
        DebianSource("http://mirror/debian", tmp_path)


@needs_apt
def test_a_long_list_of_suites(archive: Archive, tmp_path: Path) -> None:
    """The mirror does not have most of them; their names make no folder's name too long."""
    where = " ".join(f"{name}-proposed-updates-of-long-ago" for name in "abcdefghij") + " sid"
    assert V("7.2.6") in source(archive, tmp_path, where).listed()


@pytest.mark.slow
@needs_apt
def test_this_machines_mirrors_serve_a_kernel(tmp_path: Path) -> None:
    if not machine_entries():
        pytest.skip("this machine's apt has no mirror")
    try:
        newest = DebianSource("trixie trixie-security", tmp_path).newest("6.12")
    except SourceFailedError as error:
        pytest.skip(f"the mirrors cannot be reached: {error}")
    assert newest > V("6.12")


@needs_apt
def test_who_signed_the_index_and_until_when_it_holds(archive: Archive, tmp_path: Path) -> None:
    archive.publish("trixie", valid=7 * 86_400)
    served = source(archive, tmp_path)
    told = served.provenance(V("6.12.107"))
    (proof,) = told.proofs
    assert proof.document == "InRelease of trixie" and "a@example.org" in proof.whose
    assert len(proof.fingerprint) == 40 and abs(proof.signed - time.time()) < 600
    assert proof.until is not None and abs(proof.until - time.time() - 7 * 86_400) < 600
    assert told.digest.startswith("sha256:") and proof.note == ""
    # It is kept with the tarball: the next one to ask needs no mirror.
    offline = DebianSource(
        "", tmp_path / "cache", Notes(), entries=[Entry("http://127.0.0.1:1", "x")]
    )
    assert offline.provenance(V("6.12.107")).proofs == told.proofs
    (kept,) = (tmp_path / "cache").rglob("origins.json")
    for damage in (b"", b"[]", b'{"x": 3}'):
        kept.write_bytes(damage)
        assert source(archive, tmp_path).provenance(V("6.12.107")).proofs == told.proofs
    kept.unlink()
    del archive.stanzas["trixie"][1]
    archive.publish("trixie")
    archive.publish("bookworm")
    again = source(archive, tmp_path, "sid", max_age=0).provenance(V("6.12.107"))
    assert not again.is_verified and "no index lists this tarball any more" in again.words


@needs_apt
@pytest.mark.parametrize("check", ["yes", "no"])
def test_lists_that_have_expired_since(check: str, archive: Archive, tmp_path: Path) -> None:
    archive.publish("trixie", valid=4.0)
    entry = replace(archive.entry("trixie"), check_valid_until=check)

    def served() -> DebianSource:
        return DebianSource("trixie", tmp_path / "cache", Notes(), entries=[entry])

    assert V("6.12.107") in served().listed()
    time.sleep(4.5)
    later = served()
    if check == "yes":
        with pytest.raises(SourceFailedError):
            later.listed()
        told = " ".join(later.reporter.notes)  # type: ignore[attr-defined]
        assert "trixie: its Release" in told and "left out, as apt would" in told
    else:
        assert V("6.12.107") in later.listed()
        words = later.provenance(V("6.12.107")).words
        assert "past that, and taken: check-valid-until=no stands in sources.list" in words


@needs_apt
def test_lists_that_had_expired_when_they_came(archive: Archive, tmp_path: Path) -> None:
    archive.publish("trixie", valid=-86_400)
    entry = replace(archive.entry("trixie"), check_valid_until="yes")
    served = DebianSource("trixie", tmp_path / "cache", Notes(), entries=[entry])
    with pytest.raises(SourceFailedError):
        served.listed()
    told = " ".join(served.reporter.notes)  # type: ignore[attr-defined]
    assert "expired" in told or "not valid" in told or "left out" in told, told


@needs_apt
def test_what_switched_the_check_off_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "apt.conf.d").mkdir()
    (tmp_path / "apt.conf.d/10other").write_text("// Acquire::Check-Valid-Until is on here\n")
    switch = tmp_path / "apt.conf.d/99mirror"
    switch.write_text('Acquire::Check-Valid-Until "false";\n')
    monkeypatch.setattr(apt_release, "_ETC", tmp_path)
    monkeypatch.setenv("APT_CONFIG", str(switch))
    assert apt_release.unchecked_by("") == f"Acquire::Check-Valid-Until is false in {switch}"
    assert "sources.list" in apt_release.unchecked_by("check-valid-until=no")
    assert apt_release.unchecked_by("check-valid-until=yes") == ""


def test_the_machines_word_on_dates_is_read(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "deb [check-valid-until=no signed-by=/k.gpg] http://a/debian sid main\n"
    )
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/b.sources").write_text(
        "Types: deb\nURIs: http://b/debian\nSuites: sid\nCheck-Valid-Until: No\n"
    )
    first, second = machine_entries(tmp_path)
    assert (first.signed_by, first.check_valid_until) == ("/k.gpg", "no")
    assert second.check_valid_until == "no"
    assert "check-valid-until=no" in first.line("main")


@needs_apt
def test_a_mirror_that_drips_is_given_up(
    archive: Archive, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive.add("trixie", "6.12.108", data=os.urandom(3_000_000))
    archive.publish("trixie")
    served = source(archive, tmp_path)
    assert V("6.12.108") in served.listed()
    site.pause = 0.5  # 32 kB a second
    tight = replace(bounds_of("archive"), rate=100_000, window=3.0)
    monkeypatch.setattr(apt, "bounds_of", lambda _kind: tight)
    began = time.monotonic()
    with pytest.raises(SourceFailedError, match="too slow"):
        served.tree(V("6.12.108"))
    assert time.monotonic() - began < 200 and path in {asked for _, asked, _ in site.log}


@needs_apt
def test_a_mirror_that_sends_more_than_its_index_says(
    archive: Archive, site: Site, tmp_path: Path
) -> None:
    served = source(archive, tmp_path)
    assert V("6.12.107") in served.listed()
    site.files["/debian/pool/main/l/linux/linux_6.12.107.orig.tar.xz"] = os.urandom(5_000_000)
    site.files["/debian/pool/main/l/linux-6.12/linux-6.12_6.12.107.orig.tar.xz"] = b"x"
    site.pause = 0.02
    with pytest.raises(SourceFailedError, match="larger than its signed index says"):
        served.tree(V("6.12.107"))
    assert not list((tmp_path / "cache/debian").glob("*.part"))
