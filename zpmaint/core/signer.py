# SPDX-License-Identifier: GPL-2.0-only
"""Who signs what is published. A plain value: the signing itself is handed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Signer:
    """An operator's key."""

    kind: str
    """gpg or minisign."""
    key: str
    """The fingerprint of gpg's primary key; minisign's key number."""
    ending: str
    """What the signature's file ends in: .asc, .minisig."""
    public_file: str
    """The address of the public key."""
    public: bytes = field(repr=False)
    """The public key, as the program reads it."""
    sign: Callable[[bytes], bytes] = field(compare=False, repr=False)
    """A detached signature over these bytes. Raises InfraError where there is none to be had."""
