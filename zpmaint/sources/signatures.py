# SPDX-License-Identifier: GPL-2.0-only
"""Signatures, checked with gpgv, and by more than its exit status: that is 0 for keys that have
expired or were revoked, too, and for any digest and length of key."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from zpmaint.core.tools import need, run
from zpmaint.sources.keyring import Keyring
from zpmaint.sources.source import SourceFailedError

_DIGESTS = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 8: "SHA-256", 9: "SHA-384", 10: "SHA-512",
            11: "SHA-224"}  # fmt: skip
_WEAK = (1, 2, 3)
_NO_KEY = "9"  # why an ERRSIG could not be checked; anything else is another trouble
_STATES = {
    "GOODSIG": "",
    "EXPSIG": "the signature itself has expired",
    "EXPKEYSIG": "its key has expired",
    "REVKEYSIG": "its key was revoked",
    "BADSIG": "the signature is not over these bytes",
    "ERRSIG": "its key is not known",
}


class BadSignatureError(SourceFailedError):
    """Bytes that nobody who may vouch for them has signed."""


@dataclass(frozen=True)
class Signature:
    """One signature, as gpgv and our own rules judge it."""

    fingerprint: str
    """Of the primary key; of a key that is not known its id."""
    whose: str = ""
    signed: float = 0.0
    refused: str = ""
    """Why it proves nothing; '' for a good one."""
    is_forged: bool = False
    """The bytes are others than were signed."""
    is_unknown: bool = False
    """No key at hand made it."""

    def __str__(self) -> str:
        return f"{self.whose or 'key'} {self.fingerprint}: {self.refused or 'good'}"


def signed_text(data: bytes, keyring: Keyring, purpose: str) -> tuple[list[Signature], bytes]:
    """The signatures of a clear-signed text, and what of it is signed. No signature: none."""
    need("gpgv")
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder, "text")
        told = run(_command(folder, keyring, "--output", str(text), "-"), stdin=data)
        found = _read(told.stdout, keyring, purpose)
        if b"multiple plaintexts" in told.stderr or b"[GNUPG:] ERROR proc_pkt" in told.stdout:
            found = [replace(one, refused="more than one text in one document") for one in found]
        return found, text.read_bytes() if text.is_file() else b""


def signatures_of(
    data: bytes | IO[bytes], signature: bytes, keyring: Keyring, purpose: str
) -> list[Signature]:
    """Those of a detached `signature` over `data`, which may be the output of a program."""
    need("gpgv")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "signature").write_bytes(signature)
        command = _command(folder, keyring, str(Path(folder, "signature")), "-")
        if isinstance(data, bytes):
            return _read(run(command, stdin=data).stdout, keyring, purpose)
        told = subprocess.run(command, stdin=data, capture_output=True, check=False)
        return _read(told.stdout, keyring, purpose)


def good_of(found: Sequence[Signature], what: str, keyring: Keyring) -> list[Signature]:
    """The good signatures. Raises BadSignatureError where there is none, or one is forged."""
    good = [one for one in found if not one.refused]
    if good and not any(one.is_forged for one in found):
        return good
    reasons = "; ".join(map(str, found)) or "it is not signed"
    hint = f"it was checked with {keyring.name}; try another source"
    if found and all(one.is_unknown for one in found):
        hint = f"{keyring.name} holds no such key; if it is a mirror's own, put it into a keyring"
    raise BadSignatureError(f"{what}: bad signature: {reasons}", hint)


def _command(folder: str, keyring: Keyring, *words: str) -> list[str]:
    ring = Path(folder, "keys.gpg")
    ring.write_bytes(keyring.data)
    home = ["--homedir", folder]  # no keyring and no option of the user's
    return ["gpgv", *home, "--keyring", str(ring), "--status-fd", "1", *words]


def _read(status: bytes, keyring: Keyring, purpose: str) -> list[Signature]:
    """What gpgv's status lines say (GnuPG's doc/DETAILS)."""
    found: list[Signature] = []
    expired = ""
    for line in status.decode("utf-8", "replace").splitlines():
        words = line.removeprefix("[GNUPG:] ").split(" ")
        if words[0] == "NEWSIG":
            expired = ""
        elif words[0] == "KEYEXPIRED" and words[1:] and words[1].isdigit():
            expired = f" on {day(float(words[1]))}"
        elif words[0] in _STATES and words[1:]:
            refused = _STATES[words[0]] + (expired if words[0] == "EXPKEYSIG" else "")
            forged, unknown = words[0] == "BADSIG", words[0] == "ERRSIG"
            if unknown and words[6:7] != [_NO_KEY]:
                refused, unknown = "it is damaged, or of a kind that gpgv cannot check", False
            whose = "" if words[0] == "ERRSIG" else " ".join(words[2:])
            found.append(Signature(words[1], whose, 0.0, refused, forged, unknown))
        elif words[0] == "VALIDSIG" and len(words) > 10 and found:
            found[-1] = _judged(found[-1], words, keyring, purpose)
    return found


def _judged(one: Signature, words: Sequence[str], keyring: Keyring, purpose: str) -> Signature:
    """A signature that is over the bytes, by a line VALIDSIG: of which key, and whether that and
    the digest prove anything."""
    fingerprint, digest = words[10], int(words[8]) if words[8].isdigit() else 0
    key = keyring.keys.get(fingerprint)
    refused = one.refused
    if not refused and key is None and not keyring.is_open:
        refused = "its key is not pinned"
    if not refused and key is not None:
        refused = key.weakness
        if key.signs is not None and purpose not in key.signs:
            refused = f"its key is not for {purpose}"
    if not refused and (digest in _WEAK or digest not in _DIGESTS):
        refused = f"its digest is weak: {_DIGESTS.get(digest, f'algorithm {digest}')}"
    whose = key.whose if key and key.whose else one.whose
    return replace(
        one, fingerprint=fingerprint, whose=whose, signed=float(words[3]), refused=refused
    )


def day(seconds: float) -> str:
    """A date as it is told."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
