# SPDX-License-Identifier: GPL-2.0-only
"""A kernel.org of our own, from its keys to the tree: what is believed, what is not, and why."""

from __future__ import annotations

import lzma
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from sources_fixtures import Notes, Site, V, git, kernel_files, kernel_repo, site, tarball

from zpmaint.core.errors import EXIT_INFRA
from zpmaint.sources import git_tags, kernelorg, keyring
from zpmaint.sources.chain import Chain
from zpmaint.sources.git import GitSource
from zpmaint.sources.kernelorg import KernelOrgSource
from zpmaint.sources.keyring import Key, Keyring, own, pinned
from zpmaint.sources.source import SourceFailedError
from zpmaint.sources.tree import TreeSource

__all__ = ["site"]

pytestmark = pytest.mark.skipif(
    not (shutil.which("gpg") and shutil.which("gpgv")), reason="gpg is not installed"
)

YEAR = 365 * 86_400
PAST = "20240101T000000"


class Keys:
    """Keys of every sort in one home, and what they sign."""

    SORTS: ClassVar = {
        "list": ("ed25519", "never"),
        "maker": ("rsa2048", "never"),
        "unknown": ("ed25519", "never"),
        "weak": ("rsa1024", "never"),
        "dsa": ("dsa1024", "never"),
        "expired": ("rsa2048", "1y"),
        "revoked": ("rsa2048", "never"),
    }

    def __init__(self, home: Path) -> None:
        self.home = home
        home.mkdir(mode=0o700)
        for name, (kind, until) in self.SORTS.items():
            at = ["--faked-system-time", PAST] if name in ("expired", "list") else []
            self.gpg(*at, "--passphrase", "", "--quick-generate-key", f"{name}@example.org", kind,
                     "sign", until)  # fmt: skip
        self.prints = {name: self._print(name) for name in self.SORTS}
        certificate = home / "openpgp-revocs.d" / f"{self.prints['revoked']}.rev"
        text = certificate.read_text().replace(":-----BEGIN", "-----BEGIN")
        self.gpg("--import", "-", data=text.encode())

    def ring(self, **purposes: set[str]) -> Keyring:
        """All keys but the unknown one; by default each may sign everything."""
        names = [f"{name}@example.org" for name in self.SORTS if name != "unknown"]
        file = self.home / "all.gpg"
        file.write_bytes(self.gpg("--export", *names))
        found = own(file)
        keys = {
            print_: Key(
                print_, next(n for n, p in self.prints.items() if p == print_), key.algorithm,
                key.bits,
                frozenset(purposes.get(next(n for n, p in self.prints.items() if p == print_),
                                       {"checksums", "releases", "tags"})),
            )
            for print_, key in found.keys.items()
        }  # fmt: skip
        return Keyring("the test's keys", keys, found.data)

    def clear(self, by: str, text: bytes, *words: str) -> bytes:
        return self.gpg(*words, "--local-user", self.prints[by], "--clearsign", data=text)

    def beside(self, by: str, data: bytes, *words: str) -> bytes:
        return self.gpg(
            *words, "--armor", "--local-user", self.prints[by], "--detach-sign", data=data
        )

    def gpg(self, *words: str, data: bytes = b"") -> bytes:
        done = subprocess.run(
            ["gpg", "--homedir", self.home, "--batch", "--quiet", "--no-tty",
             "--pinentry-mode", "loopback", "--allow-weak-digest-algos", *words],
            input=data, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout

    def _print(self, name: str) -> str:
        listed = self.gpg("--with-colons", "--list-keys", f"{name}@example.org").decode()
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keys]:
    made = Keys(tmp_path_factory.mktemp("keys") / "home")
    yield made
    command = ["gpgconf", "--homedir", made.home, "--kill", "gpg-agent"]
    subprocess.run(command, capture_output=True, check=True)


@pytest.fixture(autouse=True)
def _pinned(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = keys.ring(list={"checksums"}, maker={"releases", "tags"})
    monkeypatch.setattr(kernelorg, "pinned", lambda: ring)
    monkeypatch.setattr(git_tags, "pinned", lambda: ring)


LIST, TARBALL, SIGN = (
    "/v6.x/sha256sums.asc", "/v6.x/linux-6.12.107.tar.xz", "/v6.x/linux-6.12.107.tar.sign",
)  # fmt: skip


def sums(site: Site, *more: str) -> bytes:
    rows = [
        f"{site.sha256(path)}  {path.rpartition('/')[2]}"
        for path in site.files if path.endswith(".xz")
    ]  # fmt: skip
    return "\n".join([*rows, *more, ""]).encode()


def publish(site: Site, keys: Keys, *, by: str = "list", maker: str = "maker") -> None:
    """Lay out a release as kernel.org does."""
    site.files[TARBALL] = tarball("6.12.107")
    site.files[SIGN] = keys.beside(maker, lzma.decompress(site.files[TARBALL]))
    site.files[LIST] = keys.clear(by, sums(site))


def source(site: Site, tmp_path: Path, **more: float) -> KernelOrgSource:
    return KernelOrgSource(site.url, tmp_path / "cache", Notes(), **more)  # type: ignore[arg-type]


def notes(served: KernelOrgSource) -> list[str]:
    return served.reporter.notes  # type: ignore[attr-defined, no-any-return]


def test_who_signed_what_and_when_is_told(site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    served = source(site, tmp_path)
    chain = Chain([served])
    assert chain.provenance(V("6.12.107")) is None
    chain.tree(V("6.12.107"))
    told = chain.provenance(V("6.12.107"))
    assert told is not None and told.is_verified and notes(served) == []
    assert told.digest == f"sha256:{site.sha256(TARBALL)}"
    listed, release = told.proofs
    assert (listed.document, listed.fingerprint) == ("sha256sums.asc", keys.prints["list"])
    assert (release.document, release.whose) == ("linux-6.12.107.tar.sign", "maker")
    assert all(abs(proof.signed - time.time()) < 3600 for proof in told.proofs)
    assert abs(told.checked - time.time()) < 600
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert told.words.startswith(f"verified {today}: sha256sums.asc signed {today} by list, key ")


@pytest.mark.parametrize(
    ("by", "words"),
    [
        ("unknown", "its key is not known"),
        ("weak", "its key is weak: RSA of 1024 bits"),
        ("dsa", "its key is weak: DSA of 1024 bits"),
        ("expired", "its key has expired on 2024-12-31"),
        ("revoked", "its key was revoked"),
        ("maker", "its key is not for checksums"),
    ],
)
def test_keys_that_prove_nothing(
    by: str, words: str, site: Site, keys: Keys, tmp_path: Path
) -> None:
    publish(site, keys)
    at = ["--faked-system-time", "20240601T000000"] if by == "expired" else []
    at += ["--expert"]
    if by == "revoked":
        site.files[LIST] = before_it_was_revoked(keys, sums(site), tmp_path)
    else:
        site.files[LIST] = keys.clear(by, sums(site), *at)
    with pytest.raises(SourceFailedError) as caught:
        source(site, tmp_path).tree(V("6.12.107"))
    assert words in caught.value.what and "sha256sums.asc" in caught.value.what
    assert caught.value.exit_status == EXIT_INFRA and caught.value.hint
    assert not (tmp_path / "cache/trees").exists() and TARBALL not in {p for _, p, _ in site.log}


def before_it_was_revoked(keys: Keys, text: bytes, tmp_path: Path) -> bytes:
    """gpg refuses to sign with a key that it knows to be revoked: a home that does not know."""
    home = tmp_path / "before"
    home.mkdir(mode=0o700)
    secret = keys.gpg("--export-secret-keys", "revoked@example.org")
    # The revocation is the packet behind the key itself: gpgsplit takes them apart.
    subprocess.run(["gpgsplit", "-p", "x-"], cwd=home, input=secret, check=True)
    parts = sorted(path for path in home.iterdir() if path.name.startswith("x-"))
    kept = [path.read_bytes() for path in parts if not (path.suffix == ".sig" and path is parts[1])]
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback"]
    subprocess.run([*gpg, "--import"], input=b"".join(kept), check=True, capture_output=True)
    done = subprocess.run([*gpg, "--clearsign"], input=text, check=True, capture_output=True)
    kill = ["gpgconf", "--homedir", home, "--kill", "gpg-agent"]
    subprocess.run(kill, capture_output=True, check=True)
    return done.stdout


@pytest.mark.parametrize("digest", ["SHA1", "RIPEMD160"])
def test_digests_that_prove_nothing(digest: str, site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    site.files[LIST] = keys.clear("list", sums(site), "--digest-algo", digest)
    with pytest.raises(SourceFailedError, match="its digest is weak"):
        source(site, tmp_path).tree(V("6.12.107"))


def test_a_list_that_was_tampered_with(site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    good = site.files[LIST]
    site.files[LIST] = good.replace(b"6.12.107", b"6.12.108")
    with pytest.raises(SourceFailedError, match="not over these bytes"):
        source(site, tmp_path).versions()
    # Two signed texts in a row, and rows outside of what is signed.
    for more in (good + good, b"0" * 64 + b"  linux-6.66.tar.xz\n" + good):
        site.files[LIST] = more
        served = source(site, tmp_path / "again")
        try:
            assert served.newest("6") == V("6.12.107")
        except SourceFailedError as error:
            assert "more than one text" in error.what
    # Its head is not what was signed: gpgv cannot check it, which is not an unknown key.
    site.files[LIST] = good.replace(b"Hash: SHA", b"Hash: ZHA")
    with pytest.raises(SourceFailedError, match=r"cannot check|not signed"):
        source(site, tmp_path / "fourth").versions()
    site.files[LIST] = b"\x99\x01garbage" * 50
    with pytest.raises(SourceFailedError, match="it is not signed"):
        source(site, tmp_path / "third").versions()


def test_an_older_list_is_refused_and_the_newer_one_serves(
    site: Site, keys: Keys, tmp_path: Path
) -> None:
    publish(site, keys)
    old = keys.clear("list", sums(site), "--faked-system-time", "20260101T000000")
    site.files["/v6.x/linux-6.12.108.tar.xz"] = tarball("6.12.108")
    site.files[LIST] = keys.clear("list", sums(site))
    assert source(site, tmp_path).newest("6.12") == V("6.12.108")
    site.files[LIST] = old
    again = source(site, tmp_path, max_age=0)
    assert again.newest("6.12") == V("6.12.108")
    assert "is older than the list seen before: signed 2026-01-01" in notes(again)[0]
    # Without the newer one there is nothing to fall back on.
    shutil.rmtree(tmp_path / "cache/kernel.org", ignore_errors=True)
    assert source(site, tmp_path, max_age=0).newest("6.12") == V("6.12.107")


def test_an_older_list_with_the_newer_one_lost(site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    old = keys.clear("list", sums(site), "--faked-system-time", "20260101T000000")
    source(site, tmp_path).versions()
    site.files[LIST] = old
    for kept in (tmp_path / "cache").rglob("sha256sums.asc*"):
        kept.unlink()
    with pytest.raises(SourceFailedError, match="is older than the list seen before"):
        source(site, tmp_path).newest("6.12")


def test_a_list_that_says_less_or_otherwise_is_told(site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    site.files[LIST] = keys.clear("list", sums(site, f"{'a' * 64}  linux-6.12.5.tar.xz"))
    source(site, tmp_path).versions()
    changed = sums(site).replace(site.sha256(TARBALL).encode(), b"b" * 64)
    site.files[LIST] = keys.clear("list", changed)
    again = source(site, tmp_path, max_age=0)
    again.versions()
    told = " ".join(notes(again))
    assert "no longer lists linux-6.12.5.tar.xz" in told
    assert "has other checksums for linux-6.12.107.tar.xz" in told


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"signed": "x", "sums": []}'])
def test_a_damaged_memory_or_list_is_made_anew(
    damage: bytes, site: Site, keys: Keys, tmp_path: Path
) -> None:
    publish(site, keys)
    source(site, tmp_path).versions()
    (memory,) = (tmp_path / "cache").rglob("sha256sums.seen.json")
    memory.write_bytes(damage)
    (kept,) = (tmp_path / "cache").rglob("sha256sums.asc")
    kept.write_bytes(damage)
    again = source(site, tmp_path)
    assert again.newest("6.12") == V("6.12.107")
    assert "damaged; set aside" in " ".join(notes(again))


def test_a_kept_list_whose_key_no_longer_counts(
    site: Site, keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(site, keys, by="maker")
    with monkeypatch.context() as before:
        both = keys.ring(maker={"checksums", "releases"})
        before.setattr(kernelorg, "pinned", lambda: both)
        source(site, tmp_path).versions()
    site.files[LIST] = keys.clear("list", sums(site))
    again = source(site, tmp_path)
    assert again.newest("6.12") == V("6.12.107")
    assert "what was kept is not used" in notes(again)[0]
    assert "its key is not for checksums" in notes(again)[0]


def test_a_tarball_that_is_not_what_its_maker_signed(
    site: Site, keys: Keys, tmp_path: Path
) -> None:
    """The list of checksums is made by a machine of kernel.org: who takes that one over changes
    tarball and list, and cannot sign the release."""
    publish(site, keys)
    evil = tarball("6.12.107", **{"mm/memory.c": "evil\n"})
    site.files[TARBALL] = evil
    site.files[LIST] = keys.clear("list", sums(site))
    for _ in range(2):  # nothing of the first try makes the second one good
        with pytest.raises(SourceFailedError, match=r"tar\.sign: .*not over these bytes") as caught:
            source(site, tmp_path).tree(V("6.12.107"))
        assert "do not belong together" in caught.value.hint
    assert not (tmp_path / "cache/trees").exists()


@pytest.mark.parametrize(
    ("maker", "words"),
    [
        ("unknown", "not counted: key .*: its key is not known"),
        ("weak", "its key is weak"),
        ("list", "its key is not for releases"),
        ("none", "no linux-6.12.107.tar.sign there"),
    ],
)
def test_a_release_that_only_the_list_vouches_for(
    maker: str, words: str, site: Site, keys: Keys, tmp_path: Path
) -> None:
    publish(site, keys)
    if maker == "none":
        del site.files[SIGN]
    else:
        site.files[SIGN] = keys.beside(maker, lzma.decompress(site.files[TARBALL]), "--expert")
    served = source(site, tmp_path)
    served.tree(V("6.12.107"))
    told = served.provenance(V("6.12.107"))
    assert [proof.document for proof in told.proofs] == ["sha256sums.asc"]
    assert re.search(words, told.words)


def test_the_release_is_checked_once(site: Site, keys: Keys, tmp_path: Path) -> None:
    publish(site, keys)
    source(site, tmp_path).tree(V("6.12.107"))
    steps: list[str] = []
    for _ in range(2):
        again = source(site, tmp_path)
        assert len(again.provenance(V("6.12.107")).proofs) == 2
        steps += again.reporter.steps  # type: ignore[attr-defined]
    assert not any(step.startswith("check ") for step in steps)


def test_a_mirrors_own_keyring_takes_the_place_of_ours(
    site: Site, keys: Keys, tmp_path: Path
) -> None:
    publish(site, keys, by="unknown")
    for armour in ([], ["--armor"]):
        ring = tmp_path / "mirror.gpg"
        ring.write_bytes(keys.gpg(*armour, "--export", "unknown@example.org"))
        own.cache_clear()
        served = KernelOrgSource(site.url, tmp_path / "cache", Notes(), keyring=ring)
        served.tree(V("6.12.107"))
        assert served.provenance(V("6.12.107")).proofs[0].fingerprint == keys.prints["unknown"]
    ring.write_bytes(b"no key")
    own.cache_clear()
    with pytest.raises(SourceFailedError, match="holds no public key"):
        KernelOrgSource(site.url, tmp_path / "other", Notes(), keyring=ring).versions()


def test_our_own_keys_are_those_of_their_fingerprints(tmp_path: Path) -> None:
    """What stands in keys.toml is what the files hold; none is weak, expired or revoked."""
    folder = Path(keyring.__file__).parent / "keys"
    ring = pinned()
    assert len(ring.keys) == len(list(folder.glob("*.asc"))) >= 4
    file = tmp_path / "all.gpg"
    file.write_bytes(ring.data)
    found = own(file).keys
    assert {p: (k.algorithm, k.bits) for p, k in found.items()} == {
        p: (k.algorithm, k.bits) for p, k in ring.keys.items()
    }
    assert all(not key.weakness and key.signs for key in ring.keys.values())
    listed = subprocess.run(
        ["gpg", "--homedir", tmp_path, "--batch", "--show-keys", "--with-colons", file],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    primaries = [line.split(":") for line in listed.splitlines() if line.startswith("pub")]
    assert all(row[1] not in ("r", "e", "d", "i") for row in primaries)


def test_a_folder_is_unverified_and_says_so(tmp_path: Path) -> None:
    for path, text in kernel_files("6.12.107").items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    chain = Chain([TreeSource(tmp_path / "tree", tmp_path / "cache")])
    chain.blobs(V("6.12.107"), ["Makefile"])
    told = chain.provenance(V("6.12.107"))
    assert told is not None and not told.is_verified
    assert told.words == "unverified: a folder, as it stood there; nobody has signed it"


def signed_tag(repo: Path, keys: Keys, by: str, name: str, says: str = "") -> None:
    """An annotated tag as git makes it, signed by one of the keys."""
    commit = git(repo, "rev-parse", "HEAD")
    body = (
        f"object {commit}\ntype commit\ntag {says or name}\n"
        "tagger A <a@b.c> 1767225600 +0000\n\nLinux\n"
    ).encode()
    made = subprocess.run(
        ["git", "-C", repo, "hash-object", "-t", "tag", "-w", "--stdin"],
        input=body + keys.beside(by, body), capture_output=True, check=True,
    )  # fmt: skip
    git(repo, "update-ref", f"refs/tags/{name}", made.stdout.decode().strip())


def tag_of(repo: Path, tmp_path: Path) -> str:
    chain = Chain([GitSource(str(repo), tmp_path / "cache", Notes())])
    chain.blobs(V("6.12"), ["Makefile"])
    told = chain.provenance(V("6.12"))
    assert told is not None
    return told.words


def test_the_signature_of_a_tag(keys: Keys, tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "6.12")
    assert "unverified: tag v6.12 is not signed" in tag_of(repo, tmp_path)
    signed_tag(repo, keys, "maker", "v6.12")
    assert "tag v6.12 signed 20" in tag_of(repo, tmp_path)
    assert keys.prints["maker"] in tag_of(repo, tmp_path)
    signed_tag(repo, keys, "unknown", "v6.12")
    assert "unverified: tag v6.12: " in tag_of(repo, tmp_path)
    assert "its key is not known" in tag_of(repo, tmp_path)
    # A good signature over another name: an old kernel for a new one.
    signed_tag(repo, keys, "maker", "v6.12", says="v6.11")
    assert "unverified: tag v6.12 says that it is v6.11" in tag_of(repo, tmp_path)
    commit = git(repo, "rev-parse", "HEAD")
    git(repo, "update-ref", "refs/tags/v6.12", commit)
    assert "unverified: tag v6.12 is not signed" in tag_of(repo, tmp_path)


def test_a_tag_that_was_tampered_with_vouches_for_nothing(keys: Keys, tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "6.12")
    signed_tag(repo, keys, "maker", "v6.12")
    text = subprocess.run(
        ["git", "-C", repo, "cat-file", "tag", "v6.12"], capture_output=True, check=True
    ).stdout
    forged = subprocess.run(
        ["git", "-C", repo, "hash-object", "-t", "tag", "-w", "--stdin"],
        input=text.replace(b"Linux\n", b"Minix\n"), capture_output=True, check=True,
    ).stdout.decode().strip()  # fmt: skip
    git(repo, "update-ref", "refs/tags/v6.12", forged)
    assert "unverified: tag v6.12: " in tag_of(repo, tmp_path)
    assert "is not over these bytes" in tag_of(repo, tmp_path)


def test_a_repositorys_own_gpg_is_not_run(keys: Keys, tmp_path: Path) -> None:
    repo = kernel_repo(tmp_path / "repo", "6.12")
    signed_tag(repo, keys, "unknown", "v6.12")
    (tmp_path / "gpg").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gpg").chmod(0o755)
    git(repo, "config", "gpg.program", str(tmp_path / "gpg"))
    tag_of(repo, tmp_path)
    assert not (tmp_path / "ran").exists()
