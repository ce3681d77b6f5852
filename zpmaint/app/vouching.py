# SPDX-License-Identifier: GPL-2.0-only
"""Whether a key that the user trusts has signed a list of digests. gpgv and minisign tell; a key
that lies beside what it signed proves nothing and is never taken by itself."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.checked import Check, State
from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.minisign import number_of
from zpmaint.core.places import kept_in
from zpmaint.core.shown import one_line
from zpmaint.core.tools import declared, run
from zpmaint.sources.keyring import own
from zpmaint.sources.signatures import Signature, signatures_of
from zpmaint.sources.source import SourceFailedError

WHAT = "signature"
ENDINGS = {"gpg": ".asc", "minisign": ".minisig"}
"""By program how a signature's file ends."""
_OPENPGP = (b"-----BEGIN PGP PUBLIC KEY BLOCK-----", b"\x98", b"\x99", b"\xc6")
_MOST = 1 << 20  # bytes of a key or a signature


@dataclass(frozen=True)
class Trusted:
    """A public key that the user has."""

    path: Path
    kind: str
    """gpg or minisign."""


def pinned_folder() -> Path:
    """Where the keys stand that are trusted without being named: `keys/` in zpmaint's state."""
    return kept_in()[1] / "keys"


def trusted(named: Sequence[Path]) -> list[Trusted]:
    """The keys that are named; those that are pinned where none is. Raises UserError for a file
    that holds no public key."""
    if named:
        return [_key(path) for path in named]
    folder = pinned_folder()
    return [_key(path) for path in sorted(folder.iterdir())] if folder.is_dir() else []


def vouched(data: bytes, signatures: Mapping[str, bytes], keys: Sequence[Trusted]) -> Check:
    """A list against its signatures (by program) and the keys: one good signature is enough, and a
    forged one is never outweighed."""
    found = [
        check
        for kind, signature in signatures.items()
        for check in [_CHECKS[kind](data, signature, [k for k in keys if k.kind == kind])]
    ]
    for state in (State.BAD, State.GOOD):
        if of_it := [check for check in found if check.state is state]:
            return of_it[0]
    return found[0]


def _key(path: Path) -> Trusted:
    try:
        with path.open("rb") as file:
            data = file.read(_MOST)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}", "name a file with a public key") from None
    if number_of(data) is not None:
        return Trusted(path, "minisign")
    if data.lstrip().startswith(_OPENPGP):
        return Trusted(path, "gpg")
    raise UserError(
        f"{path}: holds no public key", "gpg --export KEY > FILE makes one; minisign -G a .pub"
    )


def _no_key(kind: str, who: str) -> Check:
    return Check(
        WHAT,
        State.UNKNOWN,
        f"signed by {who}, and no {kind} key is at hand that you trust",
        f"get the operator's key another way than this site, then --key FILE, or put it into "
        f"{pinned_folder()}",
    )


def _missing(program: str) -> Check | None:
    tool = declared()[program]
    if tool.path():
        return None
    hint = f"apt-get install {tool.package}"
    return Check(WHAT, State.UNKNOWN, f"not installed: {program}", hint)


def _by_gpg(data: bytes, signature: bytes, keys: Sequence[Trusted]) -> Check:
    if missing := _missing("gpgv") or _missing("gpg"):
        return missing
    if not keys:
        return _no_key("gpg", "gpg")
    checks = []
    for key in keys:
        try:
            found = signatures_of(data, signature, own(key.path.resolve()), "")
        except (SourceFailedError, InfraError) as error:
            raise UserError(f"{key.path}: {error.what}", error.hint) from None
        checks.append(_told(found, key))
    return _best(checks)


def _told(found: Iterable[Signature], key: Trusted) -> Check:
    found = list(found)
    if not found:
        return Check(WHAT, State.BAD, "the signature's file holds no signature: cut or changed")
    for one in found:
        if one.is_forged:
            return Check(WHAT, State.BAD, f"not by {one.whose or one.fingerprint}: {one.refused}")
    for one in found:
        if not one.refused:
            return Check(WHAT, State.GOOD, f"signed by {one.whose}, key {one.fingerprint}")
    one = found[0]
    if one.is_unknown:
        words = f"signed by another key than {key.path.name}: {one.fingerprint}"
        return Check(WHAT, State.BAD, words)
    if "expired" in one.refused:
        return Check(
            WHAT,
            State.UNKNOWN,
            f"by {one.whose or one.fingerprint}, but {one.refused}",
            "ask the operator for the key as it was renewed",
        )
    return Check(WHAT, State.BAD, f"{one.whose or one.fingerprint}: {one.refused}")


def _by_minisign(data: bytes, signature: bytes, keys: Sequence[Trusted]) -> Check:
    number = number_of(signature)
    if number is None:
        return Check(WHAT, State.BAD, "the .minisig is no signature of minisign's: cut or changed")
    if missing := _missing("minisign"):
        return missing
    if not keys:
        return _no_key("minisign", f"minisign key {number}")
    return _best([_minisign(data, signature, key, number) for key in keys])


def _minisign(data: bytes, signature: bytes, key: Trusted, number: str) -> Check:
    if number_of(key.path.read_bytes()) != number:
        return Check(WHAT, State.BAD, f"signed by another key than {key.path.name}: {number}")
    with tempfile.TemporaryDirectory() as folder:
        file, beside = Path(folder, "data"), Path(folder, "signature")
        file.write_bytes(data)
        beside.write_bytes(signature)
        done = run(["minisign", "-V", "-p", key.path.absolute(), "-m", file, "-x", beside])
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").replace(str(folder), "")
        last = one_line(said.strip().rpartition("\n")[2]) or "the signature is not over these bytes"
        return Check(WHAT, State.BAD, f"not by minisign key {number}: {last}")
    return Check(WHAT, State.GOOD, f"signed by minisign key {number}, {key.path.name}")


def _best(checks: Sequence[Check]) -> Check:
    """Of one signature and several keys: that of the key that made it."""
    for state in (State.GOOD, State.UNKNOWN):
        if found := [check for check in checks if check.state is state]:
            return found[0]
    return next((c for c in checks if "another key" not in c.words), checks[0])


_CHECKS = {"gpg": _by_gpg, "minisign": _by_minisign}
