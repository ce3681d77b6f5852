# SPDX-License-Identifier: GPL-2.0-only
"""Minisign's public keys and signatures as files: two and four lines of text. Pure.

https://jedisct1.github.io/minisign/ describes them: an untrusted comment, then in base64 the two
letters of the algorithm, eight bytes of the key's number, and the key or the signature.
"""

from __future__ import annotations

import base64
import binascii

_KEY = b"Ed"
_SIGNATURES = (b"Ed", b"ED")  # over the file; over its BLAKE2b


def number_of(text: bytes) -> str | None:
    """The number of the key that a public key's file holds, or that made a signature's file, as
    minisign writes it; None where it is neither."""
    lines = text.splitlines()
    if len(lines) < 2 or not lines[0].startswith(b"untrusted comment:"):
        return None
    try:
        data = base64.b64decode(lines[1], validate=True)
    except binascii.Error:
        return None
    if data[:2] not in (_KEY, *_SIGNATURES) or len(data) not in (42, 74):
        return None
    return data[2:10][::-1].hex().upper()
