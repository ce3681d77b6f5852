# SPDX-License-Identifier: GPL-2.0-only
"""The keys that signatures are checked with: pinned ones (keys/keys.toml), or a keyring of one's
own. A keyring is a file of whole public keys, as gpgv takes it, armoured or not."""

from __future__ import annotations

import base64
import binascii
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zpmaint.core.tools import need, run
from zpmaint.sources.source import SourceFailedError

CHECKSUMS, RELEASES, TAGS = "checksums", "releases", "tags"

_FOLDER = Path(__file__).parent / "keys"
_ALGORITHMS = {1: "RSA", 2: "RSA", 3: "RSA", 16: "Elgamal", 17: "DSA", 19: "ECDSA", 22: "EdDSA"}
_LEAST = 2048  # bits of a key whose strength is in its length


@dataclass(frozen=True)
class Key:
    """One public key, by its primary key's fingerprint."""

    fingerprint: str
    whose: str
    algorithm: str
    bits: int
    signs: frozenset[str] | None = None
    """What it may sign; None: whatever it is asked about."""

    @property
    def weakness(self) -> str:
        """Why its signatures prove nothing; '' where they do."""
        if self.algorithm in ("RSA", "DSA", "Elgamal") and self.bits < _LEAST:
            return f"its key is weak: {self.algorithm} of {self.bits} bits, the least is {_LEAST}"
        return ""


@dataclass(frozen=True)
class Keyring:
    """Keys that may vouch for something."""

    name: str
    keys: Mapping[str, Key]
    """By the fingerprint of the primary key."""
    data: bytes
    """The public keys, as gpgv reads them."""
    is_open: bool = False
    """Every key of `data` counts, as whoever chose the keyring answers for it (apt)."""


@cache
def pinned() -> Keyring:
    """The keys that zpmaint comes with."""
    table = tomllib.loads((_FOLDER / "keys.toml").read_text())
    keys = {
        row["fingerprint"]: Key(
            row["fingerprint"], row["whose"], row["algorithm"], row["bits"],
            frozenset(row["signs"]),
        )
        for row in table.values()
    }  # fmt: skip
    data = b"".join(unarmoured((_FOLDER / f"{name}.asc").read_bytes()) for name in table)
    return Keyring("zpmaint's own keys", keys, data)


@cache
def own(path: Path) -> Keyring:
    """A keyring of the user's: its keys may sign everything. Raises SourceFailedError where it
    cannot be read, InfraError where gpg, which reads it, is missing."""
    need("gpg")
    try:
        data = unarmoured(path.read_bytes())
    except OSError as error:
        raise SourceFailedError(
            f"{path}: {error.strerror}", "is it a file of public keys?"
        ) from None
    with tempfile.TemporaryDirectory() as home:
        done = run(
            ["gpg", "--homedir", home, "--batch", "--show-keys", "--with-colons"], stdin=data
        )
    keys: dict[str, Key] = {}
    row: list[str] = []
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        words = line.split(":")
        if words[0] == "pub":
            row = words
        elif words[0] == "fpr" and row:
            algorithm = _ALGORITHMS.get(int(row[3] or 0), f"algorithm {row[3]}")
            keys[words[9]] = Key(words[9], "", algorithm, int(row[2] or 0))
            row = []
    if not keys:
        raise SourceFailedError(f"{path}: holds no public key", "gpg --export KEY makes one")
    return Keyring(str(path), keys, data)


def unarmoured(data: bytes) -> bytes:
    """A key file without its ASCII armour (RFC 9580, 6.2); one that has none as it is."""
    if not data.lstrip().startswith(b"-----BEGIN PGP"):
        return data
    found = b""
    for block in data.split(b"-----BEGIN PGP PUBLIC KEY BLOCK-----")[1:]:
        text = block.replace(b"\r\n", b"\n").partition(b"\n\n")[2].partition(b"-----END")[0]
        lines = [line for line in text.split(b"\n") if not line.startswith(b"=")]
        try:
            found += base64.b64decode(b"".join(lines), validate=True)
        except binascii.Error:
            return b""  # gpg will say that there is no key in it
    return found
