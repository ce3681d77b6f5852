# SPDX-License-Identifier: GPL-2.0-only
"""Mails with patches in them, as bytes: an mbox taken apart, what MIME did to a body undone.

The stdlib's email takes the parts apart; a mail that MIME did nothing to stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import textlayers
from zpmaint.diffs.flowed import unflowed

# What mailers and git write between mails: an address, a date with a time and a year.
_FROM = re.compile(
    rb"^From \S+ .*\d\d:\d\d(?::\d\d)? .*\d{4}[ \t\r]*\n(?=>?[!-9;-~]+[: ])", re.MULTILINE
)
_FIELD = re.compile(rb"(?:>?From )|[!-9;-~]+:(?:[ \t]|\r?\n)")
_MAIL_FIELDS = re.compile(
    rb"^(?:from|subject|date|to|message-id|mime-version|content-[\w-]+|received|x-[\w-]+):",
    re.MULTILINE | re.IGNORECASE,
)
_PLAIN = (b"", b"7bit", b"8bit", b"binary")
_ENCODINGS = (*_PLAIN, b"quoted-printable", b"base64")
_NAMED = re.compile(r"\.(?:patch|diff|txt|eml|mbox|mbx)(?:\.\w+)?$", re.I)
_MIME = re.compile(rb"^content-(?:type|transfer-encoding):", re.MULTILINE | re.IGNORECASE)
_ENDLESS = re.compile(rb"^content-[\w-]+:(?:[^\n]|\n[ \t]){32768}", re.MULTILINE | re.IGNORECASE)
"""A field that the stdlib's email would take the square of."""
_DEPTH = 8  # mails inside of mails
# What the stdlib's email raises of a header that it cannot make sense of.
_UNREADABLE = (
    ValueError, LookupError, TypeError, AttributeError, AssertionError, MessageError,
)  # fmt: skip
_DIFF = re.compile(rb"^(?:--- .*\r*\n\+\+\+ |diff --git |@@ -\d|Index: )", re.MULTILINE)


@dataclass(frozen=True)
class Letter:
    """A patch as a mail carries it."""

    data: bytes
    """Header, empty line and body, no longer encoded."""
    said: tuple[str, ...] = ()
    """What was undone, and which parts were left out."""
    fault: str = ""
    """Why the mail's text cannot be had; '' where it can."""


def split(mbox: bytes) -> list[bytes]:
    """The mails of an mbox, each with its From line; what the format did to lines of their text
    that begin with From is undone."""
    # A From line is followed by a header; in a message's text it may stand elsewhere.
    starts = [found.start() for found in _FROM.finditer(mbox)]
    ends = [*starts[1:], len(mbox)] if starts else []
    mails = [mbox[a:b] for a, b in zip(starts, ends, strict=True)]
    return [_unquoted(one) if one.startswith(b"From mboxrd@") else one for one in mails]


def _unquoted(message: bytes) -> bytes:
    return re.sub(rb"^>(>*From )", rb"\1", message, flags=re.MULTILINE)


def is_mail(data: bytes) -> bool:
    """Whether a file begins with a mail's header."""
    if data.startswith(b"From ") and _FROM.match(data):
        return True
    if not _FIELD.match(data):
        return False
    head = data.replace(b"\r", b"").partition(b"\n\n")[0]
    lines = head.split(b"\n")
    return all(line[:1] in (b" ", b"\t") or _FIELD.match(line + b"\n") for line in lines) and bool(
        _MAIL_FIELDS.search(head)
    )


def field_of(message: bytes, name: str) -> str:
    """A header field, unfolded, RFC 2047 undone; '' where there is none."""
    head = _parted(message.replace(b"\r\n", b"\n"))[0].decode("utf-8", "replace")
    found = re.search(rf"^{name}:[ \t]*(.*(?:\n[ \t]+.*)*)", head, re.M | re.I)
    if not found:
        return ""
    text = " ".join(found[1].split())
    if "=?" not in text:
        return text
    try:
        parts = (
            part.decode(charset or "latin-1", "replace") if isinstance(part, bytes) else part
            for part, charset in decode_header(text)
        )
        return " ".join("".join(parts).split())
    except (LookupError, ValueError, MessageError):
        return text


def letters(message: bytes, name: str) -> list[Letter]:
    """The patches of a mail: one, or one for each attached file. Line ends of the transport, the
    encoding, parts and flow are undone; all else is kept byte for byte. Never raises."""
    try:
        return _letters(message, name, 0)
    except UserError as error:
        return [Letter(message, fault=error.what.removeprefix(f"{name}: "))]
    except RecursionError:
        return [Letter(message, fault="parts inside of parts, too deep")]
    except _UNREADABLE as error:
        return [Letter(message, fault=f"its MIME cannot be read: {error!r:.200}")]


def _letters(message: bytes, name: str, depth: int) -> list[Letter]:
    first = message.partition(b"\n\n")[0]
    message = textlayers.landed(message)
    if first.endswith(b"\r") and b"\r\n\r\n" in message:
        head, _, body = message.partition(b"\r\n\r\n")
        message = head.replace(b"\r\n", b"\n") + b"\n\n" + body
    head = _parted(message)[0]
    if not _MIME.search(head):
        return [Letter(message)]
    if _ENDLESS.search(head):
        return [Letter(message, fault="a Content- field of more than 32 kB: no mailer writes that")]
    mail = message_from_bytes(message)
    if mail.is_multipart() or mail.get_content_maintype() == "multipart":
        return _of_parts(mail, head, name, depth)
    text, said = _text(mail, name)
    if text is None:
        return [Letter(message, said)]
    return [Letter(_with_head(head, mail) + text, said)]


def _of_parts(mail: Message, head: bytes, name: str, depth: int) -> list[Letter]:
    if depth > _DEPTH:
        raise UserError(f"{name}: mails inside of mails, too deep")
    prose: list[bytes] = []
    patches: list[tuple[bytes, bool]] = []
    inner: list[Letter] = []
    said: list[str] = []
    for part, number in _leaves(mail):
        kind = part.get_content_type()
        if kind == "message/rfc822":
            for one in part.get_payload():
                data = one.as_bytes() if isinstance(one, Message) else b""
                inner += _letters(_bytes_of(data), name, depth + 1)
            continue
        file = part.get_filename() or ""
        if not (
            kind.startswith("text/") or "patch" in kind or "diff" in kind or _NAMED.search(file)
        ):
            said.append(f"left out: part {number}, {kind}")
            continue
        text, more = _text(part, name)
        said += more
        data = textlayers.landed(_payload(part)) if text is None else text
        is_file = part.get_content_disposition() == "attachment" or bool(file)
        if _DIFF.search(data):
            patches.append((data, is_file))
        else:
            prose.append(data)
    if not patches and not inner and not prose:
        raise UserError(f"{name}: a mail of several parts, none of which is text")
    whole = _with_head(head, mail)
    if len(patches) > 1 and all(is_file for _, is_file in patches):
        out = [Letter(data if is_mail(data) else whole + data, tuple(said)) for data, _ in patches]
    elif len(patches) == 1 and patches[0][1] and is_mail(patches[0][0]):
        out = [Letter(patches[0][0], tuple(said))]
    elif patches or not inner:
        own = prose[:1] + [data for data, _ in patches]
        out = [Letter(whole + b"\n".join(_ended(text) for text in own), tuple(said))]
    else:
        out = []
    return out + inner


def _leaves(mail: Message) -> Iterator[tuple[Message, int]]:
    """Every part that is no box of parts; of alternatives the plain one."""

    def walk(part: Message) -> Iterator[Message]:
        if part.get_content_type() == "message/rfc822" or not part.is_multipart():
            yield part
            return
        parts = [one for one in part.get_payload() if isinstance(one, Message)]
        if part.get_content_type() == "multipart/alternative":
            plain = [one for one in parts if one.get_content_type() == "text/plain"]
            parts = plain[:1] or parts[:1]
        for one in parts:
            yield from walk(one)

    yield from ((part, number) for number, part in enumerate(walk(mail), 1))


def _text(part: Message, name: str) -> tuple[bytes | None, tuple[str, ...]]:
    """A leaf's text and what was undone; None where MIME did nothing to it."""
    encoding = (
        str(part.get("Content-Transfer-Encoding", "")).strip().lower().encode("utf-8", "replace")
    )
    if encoding not in _ENCODINGS:
        raise UserError(
            f"{name}: unknown encoding {encoding.decode('ascii', 'replace')}",
            "save it as plain text",
        )
    said: list[str] = []
    data = _payload(part)
    if encoding not in _PLAIN:
        if encoding == b"base64" and any("Base64" in type(d).__name__ for d in part.defects):
            raise UserError(f"{name}: damaged base64", "save the mail anew")
        said.append(f"{encoding.decode()} undone")
        data = textlayers.landed(data)
    data, more = textlayers.decoded(data)
    said += more
    if part.get_content_type() == "text/html":
        data, more = textlayers.cleared(data, html=True)
        said += more
    if str(part.get_param("format", "")).lower() == "flowed":
        delsp = str(part.get_param("delsp", "")).lower() == "yes"
        text, joined = unflowed(to_text(textlayers.landed(data)), delsp)
        data = to_bytes(text)
        said.append(f"format=flowed undone: {joined} lines joined")
    return (data, tuple(said)) if said else (None, ())


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _bytes_of(data: bytes) -> bytes:
    return data if data.endswith(b"\n") else data + b"\n"


def _ended(text: bytes) -> bytes:
    return text if text.endswith(b"\n") else text + b"\n"


_TYPE = re.compile(rb"^Content-Type:[^\n]*\n(?:[ \t][^\n]*\n)*", re.M | re.I)
_ENCODING = re.compile(rb"^Content-Transfer-Encoding:[^\n]*\n(?:[ \t][^\n]*\n)*", re.M | re.I)


def _with_head(head: bytes, mail: Message) -> bytes:
    """The header of a mail whose body is plain text now."""
    kind = mail.get_content_type()
    is_flowed = mail.get_param("format") is not None
    if kind != "text/plain" or is_flowed:
        head = _TYPE.sub(b"Content-Type: text/plain; charset=utf-8\n", head, count=1)
    encoding = _ENCODING.search(head)
    if encoding and encoding[0].partition(b":")[2].strip().lower() not in _PLAIN:
        head = _ENCODING.sub(b"Content-Transfer-Encoding: 8bit\n", head, count=1)
    return head


def _parted(message: bytes) -> tuple[bytes, bytes]:
    """Header, empty line included, and body."""
    end = message.find(b"\n\n")
    return (message, b"") if end < 0 else (message[: end + 2], message[end + 2 :])


__all__ = ["Letter", "field_of", "is_mail", "letters", "split"]
