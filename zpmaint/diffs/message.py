# SPDX-License-Identifier: GPL-2.0-only
"""What stands before a patch's first diff, whatever form that has: a mail's header and text, the
pseudo-header of Debian's patches (DEP-3), or plain words. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from zpmaint.core.errors import UserError
from zpmaint.core.text import to_bytes
from zpmaint.diffs.mail import field_of, is_mail
from zpmaint.diffs.reader import read_patch

Field = tuple[str, str]

_FIELD = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?:[ \t]+(.*)|)")
_FROM_LINE = re.compile(r"From \S+ .*\d\d:\d\d.*\n")
_TRANSPORT = re.compile(
    r"(?:to|cc|bcc|mime-version|content-[\w-]+|in-reply-to|references|received|return-path|sender"
    r"|reply-to|list-[\w-]+|user-agent|delivered-to|x-[\w-]+|message-id|from|subject|date|author"
    r"|last-update|lines|status|precedence|dkim-[\w-]+|authentication-results|arc-[\w-]+)",
    re.IGNORECASE,
)
"""Fields of a mail's header that say nothing of the patch, or are taken out by name."""
_IN_BODY = ("From", "Subject", "Date")
_DIFF = re.compile(r"^(?:diff -|Index: |--- \S)", re.MULTILINE)
_STAT = re.compile(r"^---[ \t]*$", re.MULTILINE)
_CHARSET = re.compile(r"charset=\"?([A-Za-z0-9._-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Message:
    """What is said of a patch; '' for what is not."""

    subject: str = ""
    """In one line, with whatever stands in brackets before it."""
    author: str = ""
    """As it stands: with an address or without."""
    date: str = ""
    """As RFC 5322 writes it."""
    text: str = ""
    """All else, without empty lines at its ends."""
    message_id: str = ""


def parted(patch: str, name: str) -> tuple[str, str]:
    """A patch's words and its diffs, from the first to the end, together every character of it.
    `name` is its file."""
    try:
        first = next(iter(read_patch(patch, name).pieces), "")
        at = len(first) if isinstance(first, str) else 0
    except UserError:  # whoever applies it is to hear that, not who passes it on
        found = _DIFF.search(patch)
        at = found.start() if found else len(patch)
    return patch[:at], patch[at:]


def read_message(head: str) -> Message:
    """What the words before a patch's first diff say, less a diffstat and the three hyphens above
    it: those are of the diff, and whoever wants them makes them of it."""
    head = _FROM_LINE.sub("", head, count=1) if head.startswith("From ") else head
    data = to_bytes(head)
    header: tuple[Field, ...] = ()
    raw, body, message_id = "", head, ""
    if is_mail(data):
        raw, _, body = head.partition("\n\n")
        header = _fields(raw)
        message_id = field_of(data, "Message-ID")
    body = _STAT.split(_decoded(body, raw), maxsplit=1)[0]
    said = {key: field_of(data, key) for key in (*_IN_BODY, "Author", "Last-Update") if header}
    own, body = _leading(body)
    said |= own
    if not (said.get("From") or said.get("Author")):
        found, body = _anywhere(body)
        said |= found
    others = [f"{key}: {value}" for key, value in header if not _TRANSPORT.fullmatch(key)]
    text = "\n".join([*others, *([""] if others else []), body.strip("\n")])
    return Message(
        subject=" ".join(said.get("Subject", "").split()),
        author=said.get("From") or said.get("Author") or "",
        date=rfc_date(said.get("Date") or said.get("Last-Update") or ""),
        text=re.sub(r"\n{3,}", "\n\n", text.strip("\n")),
        message_id=message_id,
    )


def rfc_date(said: str) -> str:
    """A date as a mail has it; of a day alone (2007-04-16) its first second, UTC. '' where it is
    no date, or one that git does not take (before 1970)."""
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        try:
            when = datetime.fromisoformat(said.strip())
        except ValueError:
            return ""
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return format_datetime(when) if when.year > 1970 else ""


def _fields(header: str) -> tuple[Field, ...]:
    """The fields of a header, unfolded, in order."""
    found: list[Field] = []
    for line in header.split("\n"):
        if field := _FIELD.fullmatch(line):
            found.append((field[1], field[2] or ""))
        elif found and line.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return tuple(found)


def _leading(body: str) -> tuple[dict[str, str], str]:
    """The fields that a mail's text begins with: of the author's own mail, where another sent it
    on. And what is left."""
    lines = body.lstrip("\n").split("\n")
    found: dict[str, str] = {}
    while lines and (field := _FIELD.fullmatch(lines[0])) and field[1] in _IN_BODY:
        found.setdefault(field[1], field[2] or "")
        del lines[0]
    return found, "\n".join(lines)


def _anywhere(body: str) -> tuple[dict[str, str], str]:
    """An author that is named in the words of what is no mail. And what is left."""
    lines = body.split("\n")
    for at, line in enumerate(lines):
        field = _FIELD.fullmatch(line)
        if field and field[1] in ("From", "Author") and field[2]:
            return {"Author": field[2]}, "\n".join(lines[:at] + lines[at + 1 :])
    return {}, body


def _decoded(body: str, header: str) -> str:
    """A body in the charset that its header names, else Latin-1, where it is no UTF-8."""
    if not any("\udc80" <= letter <= "\udcff" for letter in body):
        return body
    named = _CHARSET.search(header)
    data = to_bytes(body)
    for charset in (named[1] if named else "latin-1", "latin-1"):
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return body
