# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org, played by a local server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sources_fixtures import Notes, Signer, Site, V, site, tarball

from zpmaint.core.errors import UserError
from zpmaint.sources import kernelorg, keyring
from zpmaint.sources.chain import Chain
from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.source import NotServedError, SourceFailedError

__all__ = ["site"]

needs_gpg = pytest.mark.skipif(
    not (shutil.which("gpg") and shutil.which("gpgv")), reason="gpg is not installed"
)


@pytest.fixture(scope="session")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """The key of the played kernel.org."""
    made = Signer(tmp_path_factory.mktemp("gpg") / "home")
    yield made
    made.close()


def sums(site: Site, folder: str) -> bytes:
    """The list of checksums of a folder of the site, unsigned."""
    rows = [
        f"{site.sha256(path)}  {path.rpartition('/')[2]}"
        for path in site.files if path.startswith(f"/{folder}/") and path.endswith(".xz")
    ]  # fmt: skip
    return "\n".join([*rows, "0" * 64 + "  patch-6.12.107.xz", ""]).encode()


@pytest.fixture(autouse=True)
def archive(site: Site, signer: Signer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernelorg, "pinned", lambda: keyring.own(signer.keyring))
    site.files["/v6.x/linux-6.12.106.tar.xz"] = tarball("6.12.106")
    site.files["/v6.x/linux-6.12.107.tar.xz"] = tarball("6.12.107")
    site.files["/v6.x/linux-6.1.9.tar.xz"] = tarball("6.1.9")
    site.files["/v2.6/linux-2.6.20.4.tar.xz"] = tarball("2.6.20.4")
    site.files["/v3.x/linux-3.0.tar.xz"] = tarball("3.0")
    for folder in ("v2.6", "v3.x", "v6.x"):
        site.files[f"/{folder}/sha256sums.asc"] = signer.signed(sums(site, folder))
    for number in (4,):  # and no v5.x
        site.files[f"/v{number}.x/sha256sums.asc"] = signer.signed(
            sums(site, f"v{number}.x") + f"{'1' * 64}  linux-{number}.1.tar.xz\n".encode()
        )


def source(site: Site, tmp_path: Path, **more: object) -> KernelOrgSource:
    return KernelOrgSource(site.url, tmp_path / "cache", Notes(), **more)  # type: ignore[arg-type]


def test_versions_come_from_the_lists_of_checksums(site: Site, tmp_path: Path) -> None:
    served = source(site, tmp_path)
    assert [str(v) for v in served.versions()] == [
        "2.6.20.4", "3.0", "4.1", "6.1.9", "6.12.106", "6.12.107",
    ]  # fmt: skip


def test_newest_reads_one_folder(site: Site, tmp_path: Path) -> None:
    assert source(site, tmp_path).newest("6.12") == V("6.12.107")
    assert {path for _, path, _ in site.log} == {"/v6.x/sha256sums.asc"}
    with pytest.raises(NotServedError, match=r"6\.13"):
        source(site, tmp_path).newest("6.13")
    with pytest.raises(UserError, match="not a series"):
        source(site, tmp_path).newest("six")


def test_a_tree_and_its_blobs(site: Site, tmp_path: Path) -> None:
    served = source(site, tmp_path)
    assert not served.is_unpacked(V("6.12.107"))
    tree = served.tree(V("6.12.107"))
    assert served.is_unpacked(V("6.12.107")) and not served.is_unpacked(V("6.12.10"))
    assert Chain([served]).is_unpacked(V("6.12.107"))
    assert (tree / "mm/memory.c").read_text() == "/* memory of 6.12.107 */\n"
    got = served.blobs(V("6.12.107"), ["mm/memory.c", "drivers/gpu/drm/drm.c", "none"])
    assert got["drivers/gpu/drm/drm.c"] == b"drm\n" and got["none"] is None
    again = source(site, tmp_path)
    assert again.tree(V("6.12.107")) == tree
    assert len(site.ranges("/v6.x/linux-6.12.107.tar.xz")) == 1
    assert (served.tree(V("2.6.20.4")) / "Makefile").is_file()


def test_a_list_that_nobody_signed_is_not_taken(site: Site, tmp_path: Path) -> None:
    site.files["/v6.x/sha256sums.asc"] = sums(site, "v6.x")
    with pytest.raises(SourceFailedError, match="it is not signed"):
        source(site, tmp_path).tree(V("6.12.107"))


def test_a_tarball_that_is_not_what_the_list_says(site: Site, tmp_path: Path) -> None:
    site.files["/v6.x/linux-6.12.107.tar.xz"] = tarball("6.12.106")
    with pytest.raises(SourceFailedError, match="sha256 is"):
        source(site, tmp_path).tree(V("6.12.107"))
    assert not (tmp_path / "cache/trees").exists()


@pytest.mark.parametrize("version", ["7.3-rc7", "next-20261120", "2.6.21-rc3"])
def test_candidates_are_not_served(site: Site, tmp_path: Path, version: str) -> None:
    with pytest.raises(NotServedError, match="git") as caught:
        source(site, tmp_path).tree(V(version))
    assert site.log == [] and "git source" in caught.value.hint


def test_unknown_versions_and_folders(site: Site, tmp_path: Path) -> None:
    with pytest.raises(NotServedError, match=r"6\.12\.107"):
        source(site, tmp_path).tree(V("6.12.200"))
    with pytest.raises(NotServedError):
        source(site, tmp_path).tree(V("9.1"))


def test_a_server_that_is_down(tmp_path: Path) -> None:
    served = KernelOrgSource("http://127.0.0.1:1/pub", tmp_path, Notes())
    with pytest.raises(SourceFailedError, match=r"127\.0\.0\.1:1"):
        served.tree(V("6.12.107"))


def test_a_server_that_failed_is_not_waited_for_at_once_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.files["/v6.x/sha256sums.asc"] = b"no list"
    served = source(site, tmp_path)
    for series in ("6.12", "6.1", "6.12"):
        with pytest.raises(SourceFailedError):
            served.newest(series)
    asked = len(site.log)
    assert asked == 1
    assert served.newest("3.0") == V("3.0")  # another folder is another question
    monkeypatch.setattr(kernelorg, "_FAILURE_HOLDS", 0.0)
    with pytest.raises(SourceFailedError):
        served.newest("6.12")
    assert len(site.log) == asked + 2


def test_a_place_that_is_no_url(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a URL"):
        KernelOrgSource("/srv/mirror", tmp_path)


def key(home: Path, name: str) -> Path:
    """A throw-away key; its exported keyring."""
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback"]
    subprocess.run(
        [*gpg, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign"], check=True
    )
    ring = home / "public.gpg"
    subprocess.run([*gpg, "--output", ring, "--export", name], check=True)
    return ring


def clearsign(home: Path, text: bytes) -> bytes:
    done = subprocess.run(
        ["gpg", "--homedir", home, "--batch", "--quiet", "--clearsign", "--output", "-"],
        input=text, capture_output=True, check=True,
    )  # fmt: skip
    return done.stdout


@needs_gpg
def test_only_what_is_signed_counts(site: Site, tmp_path: Path) -> None:
    ring = key(tmp_path / "gpg", "autosigner@example.org")
    signed = clearsign(tmp_path / "gpg", sums(site, "v6.x"))
    smuggled = b"2" * 64 + b"  linux-6.66.tar.xz\n"
    site.files["/v6.x/sha256sums.asc"] = smuggled + signed
    served = source(site, tmp_path, keyring=ring)
    assert served.newest("6") == V("6.12.107")
    assert (served.tree(V("6.12.107")) / "Makefile").is_file()
    assert served.reporter.notes == []  # type: ignore[attr-defined]


@needs_gpg
def test_a_bad_signature_stops(site: Site, tmp_path: Path) -> None:
    ring = key(tmp_path / "gpg", "autosigner@example.org")
    signed = clearsign(tmp_path / "gpg", sums(site, "v6.x"))
    site.files["/v6.x/sha256sums.asc"] = signed.replace(b"6.12.107", b"6.12.108")
    with pytest.raises(SourceFailedError, match="bad signature"):
        source(site, tmp_path, keyring=ring).newest("6.12")
    key(tmp_path / "other", "mallory@example.org")
    site.files["/v6.x/sha256sums.asc"] = clearsign(tmp_path / "other", sums(site, "v6.x"))
    with pytest.raises(SourceFailedError, match="bad signature"):
        source(site, tmp_path, keyring=ring).newest("6.12")
    site.files["/v6.x/sha256sums.asc"] = sums(site, "v6.x")
    with pytest.raises(SourceFailedError, match="bad signature"):
        source(site, tmp_path, keyring=ring).newest("6.12")


def test_releases_are_typed_rows(site: Site, tmp_path: Path) -> None:
    row = {
        "moniker": "longterm", "version": "6.12.107", "iseol": False, "changelog": None,
        "released": {"timestamp": 1, "isodate": "2026-11-01"}, "source": "https://x/y.tar.xz",
    }  # fmt: skip
    bare = {"moniker": "linux-next", "version": "next-20261120", "iseol": False, "released": None}
    odd = {"moniker": "mainline", "version": "seven"}
    site.files["/releases.json"] = json.dumps({"releases": [row, bare, odd]}).encode()
    served = source(site, tmp_path)
    first, second = served.releases()
    assert (first.version, first.moniker, first.released) == (
        V("6.12.107"), "longterm", date(2026, 11, 1),
    )  # fmt: skip
    assert not first.eol and first.source == "https://x/y.tar.xz" and first.changelog is None
    assert second.version == V("next-20261120") and second.released is None
    assert "'seven'" in served.reporter.notes[0]  # type: ignore[attr-defined]
    site.files["/releases.json"] = b"<html>"
    with pytest.raises(SourceFailedError, match="list of releases"):
        source(site, tmp_path / "anew").releases()
    again = source(site, tmp_path, max_age=0)
    assert again.releases() == [first, second], "what is no list takes no good one's place"
    assert "list of releases" in again.reporter.notes[0]  # type: ignore[attr-defined]
