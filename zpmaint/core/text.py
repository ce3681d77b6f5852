# SPDX-License-Identifier: GPL-2.0-only
"""A patch as text, and the bytes behind it.

unidiff is the patch model. Kernel sources hold Latin-1 and other bytes; text carries them as
surrogate escapes, so that every byte that came in goes out again.
"""

from __future__ import annotations

ENCODING = "utf-8"
ERRORS = "surrogateescape"


def to_text(data: bytes) -> str:
    """Bytes of a source or a patch as text; `to_bytes` gives the same bytes back."""
    return data.decode(ENCODING, ERRORS)


def to_bytes(text: str) -> bytes:
    """The inverse of `to_text`."""
    return text.encode(ENCODING, ERRORS)
