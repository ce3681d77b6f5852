# SPDX-License-Identifier: GPL-2.0-only
"""The signature of a release beside its tarball (linux-6.12.107.tar.sign): who made the kernel
signs the tar inside, before it is compressed."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict
from pathlib import Path

from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter
from zpmaint.core.provenance import Proof
from zpmaint.core.tools import need
from zpmaint.sources.keyring import RELEASES, Keyring
from zpmaint.sources.signatures import BadSignatureError, Signature, signatures_of

_VERSION = 1  # of what is kept


def proofs_of(
    archive: Path, sha256: str, signature: bytes, keyring: Keyring, reporter: Reporter
) -> tuple[tuple[Proof, ...], str]:
    """The proofs that `signature` gives of an archive, and what of it is no proof, in words.

    To unpack an archive for this takes some ten seconds; what came out is kept beside it. Raises
    BadSignatureError where the archive holds other bytes than were signed."""
    place = archive.with_name(f".{archive.name}.signed.json")
    asked = [_VERSION, sha256, signature.hex(), sorted(keyring.keys)]
    kept = _kept(place, asked)
    if kept is not None:
        return kept
    name = f"{archive.name.partition('-')[2].removesuffix('.xz')}.sign"
    with reporter.step(f"check {name}"):
        found = _checked(archive, signature, keyring)
    forged = [one for one in found if one.is_forged]
    if forged or not found:
        raise BadSignatureError(
            f"{archive}: {name}: " + ("; ".join(map(str, forged)) or "holds no signature"),
            "the tarball and its signature do not belong together; try another source",
        )
    proofs = tuple(
        Proof(name, one.fingerprint, one.whose, one.signed) for one in found if not one.refused
    )
    why = "; ".join(f"{name} not counted: {one}" for one in found if one.refused)
    told = {"asked": asked, "proofs": [asdict(proof) for proof in proofs], "why": why}
    write_whole(place, json.dumps(told))
    return proofs, why


def _checked(archive: Path, signature: bytes, keyring: Keyring) -> list[Signature]:
    need("xz")
    with subprocess.Popen(
        ["xz", "--decompress", "--stdout", str(archive)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as xz:  # fmt: skip
        assert xz.stdout is not None
        return signatures_of(xz.stdout, signature, keyring, RELEASES)


def _kept(place: Path, asked: list[object]) -> tuple[tuple[Proof, ...], str] | None:
    try:
        told = json.loads(place.read_bytes())
        if told["asked"] == asked:
            return tuple(Proof(**proof) for proof in told["proofs"]), str(told["why"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass  # not checked before, or damaged
    return None
