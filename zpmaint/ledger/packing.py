# SPDX-License-Identifier: GPL-2.0-only
"""Texts deflated against a text that is much like them. Pure.

The verdicts of two kernels say the same of most cases. Deflate reaches back 32 kB: so a text is cut
into pieces, and each is deflated with what stands thereabouts in the other text as its dictionary.
"""

from __future__ import annotations

import zlib

_PIECE = 16 << 10
_BEFORE = 8 << 10
_AFTER = 24 << 10  # with what is before, as far as deflate reaches
_LARGEST = 64 << 20
"""No text is longer: a body that says so is damaged."""


def packed(text: bytes, base: bytes = b"") -> bytes:
    """The pieces of `text` as raw deflate streams, one after another."""
    made = []
    for start in range(0, len(text), _PIECE):
        window = _window(base, start)
        raw = -zlib.MAX_WBITS
        deflate = (
            zlib.compressobj(6, zlib.DEFLATED, raw, zdict=window)
            if window
            else zlib.compressobj(6, zlib.DEFLATED, raw)
        )
        made += [deflate.compress(text[start : start + _PIECE]), deflate.flush()]
    return b"".join(made)


def unpacked(body: bytes, base: bytes = b"") -> bytes:
    """The text again. Raises ValueError where the body is damaged."""
    made = bytearray()
    while body:
        window = _window(base, len(made))
        raw = -zlib.MAX_WBITS
        inflate = zlib.decompressobj(raw, zdict=window) if window else zlib.decompressobj(raw)
        try:
            made += inflate.decompress(body, _PIECE)
            if not inflate.eof:
                made += inflate.decompress(inflate.unconsumed_tail, 1)
        except zlib.error as error:
            raise ValueError(f"a document is damaged: {error}") from None
        if not inflate.eof or len(made) > _LARGEST:
            raise ValueError("a document is damaged: it has no end")
        body = inflate.unused_data
    return bytes(made)


def _window(base: bytes, start: int) -> bytes:
    return base[max(0, start - _BEFORE) : start + _AFTER]
