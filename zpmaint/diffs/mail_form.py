# SPDX-License-Identifier: GPL-2.0-only
"""A patch as a mail that `git am`, `patch -p1 -F0`, quilt and people read alike. Pure.

What stands in the message can mislead each of them: git ends a message at what looks like a diff
and a mail at what looks like the next one's first line (mailinfo.c, mailsplit.c); patch(1) takes
an indented diff, old editors' commands and a line `Prereq:` for its own (pch.c). Such lines are
marked with a bar. The diffs are the patch's own, byte for byte.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header

from zpmaint.core.shown import visible
from zpmaint.diffs.ident import ident
from zpmaint.diffs.message import Message

FIRST_LINE = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
"""What a mail of git's begins with; the date is the same in all (builtin/log.c)."""
UNTITLED = "a patch without a title"
_SUBJECT = "Subject: "
_MISLEADS = re.compile(
    r"[ \tX]*(?:- )*(?:"
    r"diff -|Index:|Prereq:|---(?:\s|$)|\+\+\+ |\*\*\* |\*{15}|@@ |GIT binary patch"
    r"|\d+(?:,\d+)?[acdisq]\d*(?:,\d+)?\s*$)"
    r"|From .*\d:\d\d"
)
_FIELD_OF_MAIL = re.compile(r"(?:From|Subject|Date|>From)\b|\[PATCH\]\s", re.IGNORECASE)
_TRAILER = re.compile(r"[A-Za-z0-9-]+: ?\S")


def mail(message: Message, diff: str, *, owner: str, trailers: Sequence[tuple[str, str]]) -> str:
    """The mail with `diff` in it, which is not touched. `owner` is the patch set, which an author
    without an address is told by; `trailers` end the message, each in one line."""
    author = ident(message.author, owner)
    lines = [
        f"From: {author.field}",
        *([f"Date: {message.date}"] if message.date else []),
        _SUBJECT + _encoded(message.subject or UNTITLED),
        *([f"Message-ID: {_one_line(message.message_id)}"] if message.message_id else []),
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
    ]
    said = list(trailers)
    if "\r\n" in diff:
        said.append(("Line-ends", "lines of the diff end in CR LF: git am --keep-cr"))
    text = guarded(message.text)
    ends = [f"{key}: {_one_line(value)}" for key, value in said]
    body = text + _between(text, ends) + "\n".join(ends)
    return FIRST_LINE + "\n".join(lines) + f"\n\n{body}\n---\n" + diff


def guarded(text: str) -> str:
    """A message with a bar before each line that would be taken for something else, and with what
    a terminal would act on made visible."""
    lines = visible(text.replace("\r\n", "\n")).split("\n")
    marked = [f"| {line}" if _MISLEADS.match(line) else line for line in lines]
    first = next((n for n, line in enumerate(marked) if line.strip()), None)
    if first is not None and _FIELD_OF_MAIL.match(marked[first]):
        marked[first] = f"| {marked[first]}"
    return "\n".join(line.rstrip() for line in marked).strip("\n")


def _between(text: str, ends: Sequence[str]) -> str:
    """What parts the text and the trailers: nothing but a line's end where the text's last
    paragraph is one of trailers, so that all are of one paragraph."""
    if not text or not ends:
        return ""
    before, _, last = text.rpartition("\n\n")
    is_trailers = before and all(map(_TRAILER.match, last.split("\n")))
    return "\n" if is_trailers else "\n\n"


def _one_line(value: str) -> str:
    return " ".join(visible(value).split())


def _encoded(subject: str) -> str:
    """As RFC 2047 has it where it is not ASCII; folded where it is long."""
    subject = _one_line(subject)
    if subject.isascii() and "=?" not in subject:
        return subject
    return Header(subject, "utf-8", maxlinelen=75, header_name="Subject").encode()
