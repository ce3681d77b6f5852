# SPDX-License-Identifier: GPL-2.0-only
"""What a suite's Release says of itself: who signed it when, and until when it is to be believed.

apt has checked the signature and judged the dates when it fetched the lists. Here they are read to
be told, and judged again for lists that were fetched before and have expired since.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from debian.deb822 import Deb822

from zpmaint.core.provenance import Proof
from zpmaint.core.tools import run
from zpmaint.sources.keyring import Keyring, unarmoured
from zpmaint.sources.signatures import Signature, day, signatures_of, signed_text

_ETC = Path("/etc/apt")
_SWITCH = "Acquire::Check-Valid-Until"
_OFF = ("false", "no", "0", "off", "without", "disable")


@dataclass(frozen=True)
class Release:
    """The InRelease (or Release and Release.gpg) of one suite."""

    suite: str
    dated: float | None
    """Seconds since the epoch, as the next one; None where it says nothing."""
    until: float | None
    signatures: tuple[Signature, ...]

    @property
    def is_expired(self) -> bool:
        return self.until is not None and self.until < time.time()

    def proofs(self, note: str = "") -> tuple[Proof, ...]:
        """Its first good signature, with `note` beside it."""
        name = f"InRelease of {self.suite}"
        return tuple(
            Proof(name, one.fingerprint, one.whose, one.signed, self.until, note)
            for one in self.signatures
            if not one.refused
        )[:1]


def release_beside(index: Path, key: str, suite: str, signed_by: str) -> Release | None:
    """The Release that lists `index`, an index in apt's folder of lists, under the name `key`
    ("main/source/Sources"); None where it is not there. `signed_by` is a keyring, '' for the
    machine's trusted ones."""
    name = key.replace("/", "_")
    start = index.name.rfind(name)
    if start < 0:
        return None
    beside = index.with_name(index.name[:start] + "InRelease")
    keyring = _keyring([Path(signed_by)] if signed_by else _trusted())
    if beside.is_file():
        found, text = signed_text(beside.read_bytes(), keyring, "")
    else:
        beside = beside.with_name(index.name[:start] + "Release")
        apart = beside.with_name(beside.name + ".gpg")
        if not beside.is_file():
            return None
        text = beside.read_bytes()
        found = signatures_of(text, apart.read_bytes(), keyring, "") if apart.is_file() else []
    fields = Deb822(text.decode("utf-8", "replace").splitlines())
    dated, until = _seconds(fields.get("Date", "")), _seconds(fields.get("Valid-Until", ""))
    return Release(suite, dated, until, tuple(found))


def unchecked_by(options: str) -> str:
    """What has apt take lists that have expired, in words; '' where it refuses them. `options`
    are those of the line of sources.list."""
    said = options.lower().partition("check-valid-until=")[2]
    if said.startswith("yes"):
        return ""
    if said.startswith("no"):
        return "check-valid-until=no stands in sources.list"
    done = run(["apt-config", "dump", "--format", "%v%n", _SWITCH], env={"LC_ALL": "C"})
    value = done.stdout.decode("utf-8", "replace").strip().strip('"').lower()
    if value not in _OFF:
        return ""
    files = [_ETC / "apt.conf", *sorted((_ETC / "apt.conf.d").glob("*"))]
    named = [str(file) for file in files if _says(file)]
    return f"{_SWITCH} is {value}" + (f" in {', '.join(named)}" if named else "")


def expired(release: Release) -> str:
    """That it has, in words."""
    until = day(release.until or 0.0)
    return f"{release.suite}: its Release, of {day(release.dated or 0.0)}, was valid until {until}"


def _says(file: Path) -> bool:
    try:
        text = file.read_text(errors="replace")
    except OSError:
        return False
    lines = (line.partition("//")[0].partition("#")[0] for line in text.splitlines())
    return any("check-valid-until" in line.lower() for line in lines)


def _trusted() -> list[Path]:
    folder = _ETC / "trusted.gpg.d"
    return [_ETC / "trusted.gpg", *sorted(folder.glob("*.gpg")), *sorted(folder.glob("*.asc"))]


def _keyring(files: Iterable[Path]) -> Keyring:
    there = [file for file in files if file.is_file()]
    data = b"".join(unarmoured(file.read_bytes()) for file in there)
    return Keyring(", ".join(map(str, there)), {}, data, is_open=True)


def _seconds(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None
