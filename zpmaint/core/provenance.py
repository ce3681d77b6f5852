# SPDX-License-Identifier: GPL-2.0-only
"""Whether it is known that a kernel's bytes are what somebody meant to publish, and by which key.
Plain values: the ledger keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True)
class Proof:
    """One good signature that the bytes hang on."""

    document: str
    """What is signed: "sha256sums.asc", "linux-6.12.107.tar.sign", "tag v6.12", an InRelease."""
    fingerprint: str
    """Of the primary key."""
    whose: str
    signed: float
    """When, by the signature; seconds since the epoch."""
    until: float | None = None
    """Until when the document says that it is to be believed (Debian's Valid-Until)."""
    note: str = ""
    """What is to be known of it beside: that it was past `until`, and why it was taken."""

    def __str__(self) -> str:
        until = f", valid until {_day(self.until)}" if self.until is not None else ""
        note = f" ({self.note})" if self.note else ""
        key = f"{self.whose}, key {self.fingerprint}"
        return f"{self.document} signed {_day(self.signed)} by {key}{until}{note}"


@dataclass(frozen=True)
class Provenance:
    """Where a kernel's bytes come from and what vouches for them."""

    source: str
    """The source's name, as --source takes it."""
    digest: str = ""
    """Of what was checked: "sha256:..." of an archive, "git:..." of a commit; '' of a folder."""
    proofs: tuple[Proof, ...] = ()
    """None: unverified."""
    why: str = ""
    """Why there is no proof; or what was not counted as one."""
    checked: float = 0.0
    """When the signatures were checked; seconds since the epoch."""

    @property
    def is_verified(self) -> bool:
        return bool(self.proofs)

    @property
    def words(self) -> str:
        """All of it in one line."""
        if not self.proofs:
            return f"unverified: {self.why or 'nothing vouches for it'}"
        proofs = "; ".join(map(str, self.proofs))
        why = f"; {self.why}" if self.why else ""
        return f"verified {_day(self.checked)}: {proofs}{why}"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
