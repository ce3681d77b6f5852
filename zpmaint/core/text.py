# SPDX-License-Identifier: GPL-2.0-only
"""A patch as text, and the bytes behind it.

unidiff is the patch model. Kernel sources hold Latin-1 and other bytes; text carries them as
surrogate escapes, so that every byte that came in goes out again.
"""

from __future__ import annotations

import re

ENCODING = "utf-8"
ERRORS = "surrogateescape"
_UNFIT = re.compile(r"[^A-Za-z0-9._+-]+")


def to_text(data: bytes) -> str:
    """Bytes of a source or a patch as text; `to_bytes` gives the same bytes back."""
    return data.decode(ENCODING, ERRORS)


def to_bytes(text: str) -> bytes:
    """The inverse of `to_text`."""
    return text.encode(ENCODING, ERRORS)


def safe_name(text: str, otherwise: str) -> str:
    """Foreign text as the name of a file that every program takes: no folders, no blanks, hidden
    from none; `otherwise` where nothing of it is left."""
    return _UNFIT.sub("-", text).strip("-.") or otherwise
