"""Mails with patches in them, as bytes: an mbox taken apart, a body's transfer encoding undone."""

from __future__ import annotations

import base64
import binascii
import quopri
import re

from zpmaint.core.errors import UserError

# What mailers and git write between mails: an address, a date with a time and a year.
_FROM = re.compile(rb"^From \S+ .*\d\d:\d\d(?::\d\d)? .*\d{4}\s*$", re.MULTILINE)
_ENCODING = re.compile(rb"^Content-Transfer-Encoding:[ \t]*([\w-]+)[^\n]*\n", re.M | re.I)
_MULTIPART = re.compile(rb"^Content-Type:[ \t]*multipart/", re.M | re.I)


def split(mbox: bytes) -> list[bytes]:
    """The mails of an mbox, each with its From line."""
    starts = [found.start() for found in _FROM.finditer(mbox)]
    # A From line follows an empty line, or nothing; in a message's text it may stand elsewhere.
    starts = [n for n in starts if n == 0 or mbox[:n].endswith((b"\n\n", b"\r\n\r\n"))]
    ends = [*starts[1:], len(mbox)] if starts else []
    return [mbox[a:b] for a, b in zip(starts, ends, strict=True)]


def field(message: bytes, name: str) -> str:
    """A header field, unfolded; '' where there is none."""
    head = _parted(message)[0].decode("utf-8", "replace")
    found = re.search(rf"^{name}:[ \t]*(.*(?:\n[ \t]+.*)*)", head, re.M | re.I)
    return " ".join(found[1].split()) if found else ""


def plain(message: bytes, name: str) -> bytes:
    """A mail whose body stands as it is meant: line ends of the transport and its encoding are
    undone, all else is kept byte for byte.

    Raises UserError, naming the mail, for one of several parts or in an unknown encoding.
    """
    first = message.partition(b"\n\n")[0]
    message = _landed(message)
    if first.endswith(b"\r") and b"\r\n\r\n" in message:
        raise UserError(f"{name}: some lines end in CRLF and some do not", "save the mail anew")
    head, body = _parted(message)
    if _MULTIPART.search(head):
        raise UserError(f"{name}: a mail of several parts", "send the patch inline")
    found = _ENCODING.search(head)
    kind = found[1].lower() if found else b"8bit"
    if found is None or kind in (b"7bit", b"8bit", b"binary"):
        return message
    try:
        if kind == b"quoted-printable":
            body = quopri.decodestring(body)
        elif kind == b"base64":
            body = base64.b64decode(body)
        else:
            raise UserError(f"{name}: unknown encoding {kind.decode('ascii', 'replace')}")
    except binascii.Error as error:
        raise UserError(f"{name}: damaged base64: {error}", "save the mail anew") from None
    said = b"Content-Transfer-Encoding: 8bit\n"
    return head[: found.start()] + said + head[found.end() :] + _landed(body)


def _landed(text: bytes) -> bytes:
    """A text with LF where the transport made all of its lines end in CRLF."""
    lines = text.count(b"\n")
    return text.replace(b"\r\n", b"\n") if lines and text.count(b"\r\n") == lines else text


def _parted(message: bytes) -> tuple[bytes, bytes]:
    """Header, empty line included, and body."""
    end = message.find(b"\n\n")
    return (message, b"") if end < 0 else (message[: end + 2], message[end + 2 :])
