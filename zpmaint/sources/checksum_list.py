# SPDX-License-Identifier: GPL-2.0-only
"""kernel.org's signed lists of checksums (sha256sums.asc), and a memory of the newest one seen.

Who stands between could serve an old list, rightly signed, to hold back a release: a list that is
older than the newest that was seen here is refused. One that says less, or something else, than
that one is taken, and told. The memory is in the cache, and goes with it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.files import write_whole
from zpmaint.core.progress import Reporter
from zpmaint.sources.document import RefusedError
from zpmaint.sources.keyring import CHECKSUMS, Keyring
from zpmaint.sources.signatures import Signature, day, good_of, signed_text

_SUM = re.compile(r"^([0-9a-f]{64}) [ *](\S+)$", re.M)
_TOLD = 5  # names that are told of many


@dataclass(frozen=True)
class ChecksumList:
    """A list whose signature is good."""

    url: str
    sums: Mapping[str, str]
    """By file name its sha256 in hex."""
    signature: Signature


def read(url: str, body: bytes, keyring: Keyring) -> ChecksumList:
    """The list, only what is signed of it. Raises BadSignatureError, InfraError (no gpgv)."""
    found, text = signed_text(body, keyring, CHECKSUMS)
    signature = good_of(found, url, keyring)[0]
    lines = text.decode("ascii", "replace").replace("\r\n", "\n")
    return ChecksumList(url, {name: sha256 for sha256, name in _SUM.findall(lines)}, signature)


def admit(listed: ChecksumList, memory: Path, reporter: Reporter) -> None:
    """Let a list in that came just now, and remember it. Raises RefusedError for one that is older
    than the newest seen.

    What was signed at a time that is still to come counts as signed now: a clock at the archive
    that was ahead for an hour would else have all later lists refused until that time."""
    signed, sums = _seen(memory)
    if listed.signature.signed < signed:
        raise RefusedError(
            f"{listed.url}: is older than the list seen before: signed "
            f"{day(listed.signature.signed)}, that one {day(signed)}",
            "the mirror is behind, or somebody holds releases back; try another source",
        )
    gone = sorted(name for name in sums if name not in listed.sums)
    other = sorted(n for n, sha in sums.items() if listed.sums.get(n, sha) != sha)
    for names, what in ((gone, "no longer lists"), (other, "has other checksums for")):
        if names:
            more = f" and {len(names) - _TOLD} more" if len(names) > _TOLD else ""
            with reporter.step(f"check {listed.url}") as step:
                step.note(f"{listed.url}: {what} {', '.join(names[:_TOLD])}{more}")
    kept = {"signed": min(listed.signature.signed, int(time.time())), "sums": dict(listed.sums)}
    write_whole(memory, json.dumps(kept))


def _seen(memory: Path) -> tuple[float, dict[str, str]]:
    """When the newest list seen was signed, and what it said; nothing where that is not known."""
    try:
        kept = json.loads(memory.read_bytes())
        return float(kept["signed"]), {str(n): str(s) for n, s in kept["sums"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return 0.0, {}
