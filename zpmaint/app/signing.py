# SPDX-License-Identifier: GPL-2.0-only
"""The operator's key at work: `gpg:KEYID` or `minisign:FILE` signs bytes.

The programs are the operator's own, with the operator's keyring and agent: they run outside of a
cell. A key that cannot sign is told before anything is published.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path

from zpmaint.core.errors import InfraError, UserError
from zpmaint.core.minisign import number_of
from zpmaint.core.shown import one_line
from zpmaint.core.signer import Signer
from zpmaint.core.tools import need, run

_FORMS = "write it as gpg:FINGERPRINT or minisign:FILE"
_USABLE = "oq-?mfuw"  # states of a key, field 2 of gpg's colon lines (doc/DETAILS), that may sign


def signer_of(words: str) -> Signer:
    """The signer that `--sign` names. Raises UserError where there is no such key, or it may sign
    no more; InfraError where the program is missing or has no answer."""
    kind, _, name = words.partition(":")
    if not name or name.startswith("-"):
        raise UserError(f"--sign {words!r}: no key is named", _FORMS)
    if kind == "gpg":
        return _gpg(name)
    if kind == "minisign":
        return _minisign(Path(name))
    raise UserError(f"--sign {words!r}: {kind!r} signs nothing", _FORMS)


def _gpg(name: str) -> Signer:
    need("gpg")
    told = run(["gpg", "--batch", "--with-colons", "--list-secret-keys", "--", name])
    rows = [line.split(":") for line in told.stdout.decode("utf-8", "replace").splitlines()]
    # The first fingerprint after a line `sec` is the primary key's, what follows are subkeys'.
    found: dict[str, str] = {}
    state = ""
    for row in rows:
        if row[0] == "sec":
            state = row[1]
        elif row[0] == "fpr" and state:
            found[row[9]] = state
            state = ""
    if not found:
        raise UserError(
            f"gpg has no secret key {name!r}", "gpg --list-secret-keys shows those that there are"
        )
    if len(found) > 1:
        raise UserError(
            f"gpg has {len(found)} secret keys {name!r}: {', '.join(found)}",
            "name one by its fingerprint",
        )
    ((fingerprint, state),) = found.items()
    if state not in _USABLE:
        why = {"e": "has expired", "r": "was revoked"}.get(state, "is not valid")
        raise UserError(f"the key {fingerprint} {why}", "name another one, or renew it")
    public = run(["gpg", "--batch", "--armor", "--export", "--", fingerprint]).stdout
    if not public:
        raise InfraError(f"gpg exports no public key of {fingerprint}", "gpg --export KEY shows it")
    return Signer(
        kind="gpg",
        key=fingerprint,
        ending=".asc",
        public_file="signing-key.asc",
        public=public,
        sign=partial(_signed_by_gpg, fingerprint),
    )


def _signed_by_gpg(fingerprint: str, data: bytes) -> bytes:
    command = ["gpg", "--batch", "--yes", "--armor", "--digest-algo", "SHA512", "--local-user",
               fingerprint, "--output", "-", "--detach-sign"]  # fmt: skip
    done = run(command, stdin=data)
    if done.returncode or b"BEGIN PGP SIGNATURE" not in done.stdout:
        raise InfraError(
            f"gpg did not sign with {fingerprint}: {_last(done.stderr)}",
            "unlock the key for gpg-agent first (echo | gpg --sign --local-user KEY >/dev/null)",
        )
    return done.stdout


def _minisign(secret: Path) -> Signer:
    need("minisign")
    if not secret.is_file():
        raise UserError(f"{secret}: no such file", "name the secret key: minisign -G makes one")
    with tempfile.TemporaryDirectory() as folder:
        public = Path(folder, "key.pub")
        done = run(["minisign", "-R", "-f", "-s", secret.absolute(), "-p", public])
        if done.returncode or not public.is_file():
            raise InfraError(
                f"minisign cannot use {secret}: {_last(done.stderr or done.stdout)}", _NO_PASSWORD
            )
        text = public.read_bytes()
    number = number_of(text)
    if number is None:
        raise InfraError(f"{secret}: minisign made no public key of it", "minisign -G makes one")
    return Signer(
        kind="minisign",
        key=number,
        ending=".minisig",
        public_file="signing-key.pub",
        public=text,
        sign=partial(_signed_by_minisign, secret),
    )


_NO_PASSWORD = (
    "nobody is there to type a password: sign with a key that has none (minisign -G -W), which "
    "only you can read"
)


def _signed_by_minisign(secret: Path, data: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file, signature = Path(folder, "SHA256SUMS"), Path(folder, "signature")
        file.write_bytes(data)
        done = run(
            ["minisign", "-S", "-s", secret.absolute(), "-m", file, "-x", signature,
             "-c", "SHA256SUMS of a zpmaint site", "-t", "SHA256SUMS"]
        )  # fmt: skip
        if done.returncode or not signature.is_file():
            raise InfraError(
                f"minisign did not sign with {secret}: {_last(done.stderr or done.stdout)}",
                _NO_PASSWORD,
            )
        return signature.read_bytes()


def _last(said: bytes) -> str:
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return one_line(lines[-1]) if lines else "it says nothing"
