# SPDX-License-Identifier: GPL-2.0-only
"""What was done to a patch's text as a whole, layer by layer, and undone. Pure.

Only what leaves no doubt is undone here: an encoding that the bytes declare, the colours of a
terminal, line ends that all lines share, a page's markup. What the kernel's own files must judge
(lost blanks, wrapped lines, curly quotes) is mending and left for that.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import html_page

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BOM = re.compile(rb"^\xef\xbb\xbf(?=--- |diff |Index: |From|Subject: |@@ |\* |# |$)", re.MULTILINE)
_COLOUR = re.compile(rb"\x1b\[[0-9;:]*[mK]")
_COLOURED = re.compile(rb"^(?:\x1b\[[0-9;:]*[mK])+(?:diff |--- |\+\+\+ |@@ |[+-])", re.MULTILINE)
_SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----\n"
_SIGNATURE = b"\n-----BEGIN PGP SIGNATURE-----\n"
_END_SIGNATURE = b"\n-----END PGP SIGNATURE-----"
_BASE64 = re.compile(rb"\s*(?:[A-Za-z0-9+/]{40,100}\r?\n)+[A-Za-z0-9+/]+={0,2}\s*")
_HUNKS = re.compile(rb"^@@ -\d", re.MULTILINE)


def decoded(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """The text in UTF-8 or what its bytes are, without the marks of an encoding."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _from(name, data)
    for name in ("utf-16-le", "utf-16-be"):
        if _is_wide(data, name):
            return _from(name, data)
    if _BOM.search(data):
        return _BOM.sub(b"", data), ("a byte order mark removed",)
    if _BASE64.fullmatch(data) and not _HUNKS.search(data):
        try:
            inside = base64.b64decode(data)
        except binascii.Error:
            return data, ()
        if _HUNKS.search(inside):
            return landed(inside), ("base64 undone",)
    return data, ()


def _from(name: str, data: bytes) -> tuple[bytes, tuple[str, ...]]:
    try:
        text = data.decode(name)
    except UnicodeDecodeError:
        return data, ()
    return text.removeprefix("\ufeff").encode("utf-8", "surrogatepass"), (f"read as {name}",)


def _is_wide(data: bytes, name: str) -> bool:
    """Whether most of a text's characters have an empty byte on this side."""
    start = data[:512]
    if len(start) < 8 or b"\0" not in start:
        return False
    low = start[1::2] if name == "utf-16-le" else start[::2]
    return low.count(0) >= 0.8 * len(low) and start.count(0) <= 0.6 * len(start)


def cleared(data: bytes, *, html: bool = False) -> tuple[bytes, tuple[str, ...]]:
    """The text as its author had it: colours, a page's markup, a clear signature and line ends
    of the transport undone."""
    said: list[str] = []
    if _COLOURED.search(data):
        data = _COLOUR.sub(b"", data)
        said.append("the colours of a terminal removed")
    if html or (b"<" in data[:4096] and html_page.is_page(to_text(data))):
        text = html_page.text_of(to_text(data))
        data = to_bytes(text)
        said.append("the text of a web page")
    whole = landed(data)
    if whole != data:
        data = whole
        said.append("CRLF line ends undone")
    unsigned = _unsigned(data)
    if unsigned != data:
        data = unsigned
        said.append("a clear signature removed")
    return data, tuple(said)


def _unsigned(data: bytes) -> bytes:
    """A text without a clear signature around it, and without the blanks and dashes that it put
    before lines that begin with a dash."""
    start = 0 if data.startswith(_SIGNED) else data.find(b"\n" + _SIGNED) + 1
    if not data.startswith(_SIGNED, start):
        return data
    text = data.find(b"\n\n", start) + 2  # behind the field Hash
    end = data.find(_SIGNATURE, text) + 1
    last = data.find(_END_SIGNATURE, end)
    if text < 2 or not end or last < 0:
        return data
    inside = re.sub(rb"^- ", b"", data[text:end], flags=re.M)
    return data[:start] + inside + data[last + len(_END_SIGNATURE) :].removeprefix(b"\n")


def landed(text: bytes) -> bytes:
    """A text with LF where the transport made all of its lines end in CRLF (or CR CR LF)."""
    lines = text.count(b"\n")
    if not lines or text.count(b"\r\n") != lines:
        return text
    return re.sub(rb"\r+\n", b"\n", text)
