# SPDX-License-Identifier: GPL-2.0-only
"""A git commit as a mail with its patch, as `git format-patch` writes one, and back. Pure.

A mail cannot carry every commit: git folds a title of two lines into one, ends a message at what
looks like a diff, strips names. Where the mail would not give the very commit back, it has the
author and the message once more, as they are (base64), in fields that git and people pass over.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime, parsedate_to_datetime

from zpmaint.core.text import to_bytes, to_text
from zpmaint.diffs import mail_form
from zpmaint.diffs.commit_words import CommitWords, decoded
from zpmaint.diffs.ident import ident
from zpmaint.diffs.mail import field_of, is_mail
from zpmaint.diffs.message import Message, parted, read_message

_FIELDS = ("X-Git-Author", "X-Git-Date", "X-Git-Encoding", "X-Git-Message")
_WIDTH = 72
_TAGS = re.compile(r"\s*(?:\[[^]]*\]\s*)+")


def commit_mail(words: CommitWords, diff: str, sha: str, place: tuple[int, int]) -> bytes:
    """The mail of a commit whose changes are `diff`; `sha` is its hash, `place` its number and the
    count of all. `commit_words` gives `words` back, and `git am` as near to it as git can."""
    number, count = place
    of = f" {number:0{len(str(count))}}/{count}" if count > 1 else ""
    title, _, text = decoded(words.message, words.encoding).lstrip("\n").partition("\n\n")
    message = Message(
        subject=f"[PATCH{of}] {' '.join(title.split())}",
        author=decoded(words.author, words.encoding),
        date=_rfc_date(words.date),
        text=text,
    )
    whole = mail_form.mail(message, diff, owner="git", trailers=())
    whole = whole.replace(mail_form.FIRST_LINE, mail_form.FIRST_LINE.replace("0" * 40, sha[:40]), 1)
    plain = to_bytes(whole)
    if commit_words(plain) == words:
        return plain
    values = (words.author, words.date.encode(), words.encoding, words.message)
    fields = "".join(
        f"{name}: {_folded(value)}\n" for name, value in zip(_FIELDS, values, strict=True)
    )
    head, _, rest = whole.partition("\n\n")
    return to_bytes(f"{head}\n{fields}\n{rest}")


@dataclass(frozen=True)
class Otherwise:
    """What a commit is given where its patch does not tell."""

    owner: str = ""
    """The patch set, by which an author without an address is told."""
    author: str = ""
    date: str = "0 +0000"
    """As a commit has it."""
    title: str = mail_form.UNTITLED
    text: str = ""


def commit_words(patch: bytes, otherwise: Otherwise = Otherwise()) -> CommitWords:
    """What a patch says as a commit would: of a mail of `commit_mail` the commit's own words, of
    another patch what its header and text tell, as `git am` takes them."""
    head = parted(to_text(patch), otherwise.owner)[0]
    said = {name: field_of(patch, name) for name in _FIELDS} if is_mail(patch) else {}
    if any(said.values()):
        try:
            raw = [base64.b64decode(said[name].replace(" ", ""), validate=True) for name in _FIELDS]
            return CommitWords(raw[0], raw[1].decode("ascii"), raw[3], raw[2])
        except (binascii.Error, UnicodeDecodeError):
            pass  # somebody changed the field: the mail tells the rest
    message = read_message(head)
    who = ident(message.author or otherwise.author, otherwise.owner)
    title = _TAGS.sub("", message.subject, count=1) or otherwise.title
    told = message.text or otherwise.text
    told = "" if told == title else told
    text = f"{title}\n\n{told}\n" if told else f"{title}\n"
    return CommitWords(
        to_bytes(f"{who.name or who.address} <{who.address}>"),
        git_date(message.date) or otherwise.date,
        to_bytes(text),
    )


def _folded(value: bytes) -> str:
    text = base64.b64encode(value).decode("ascii")
    return "\n ".join(text[n : n + _WIDTH] for n in range(0, len(text), _WIDTH))


def _rfc_date(date: str) -> str:
    """A commit's date as a mail has it; '' for one that no calendar has."""
    seconds, _, zone = date.partition(" ")
    minutes = (int(zone[1:3]) * 60 + int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    try:
        where = timezone(timedelta(minutes=minutes))
        return format_datetime(datetime.fromtimestamp(int(seconds), where))
    except (ValueError, OverflowError, OSError):
        return ""


def git_date(said: str) -> str:
    """A mail's date as a commit has it; '' where it is none."""
    try:
        when = parsedate_to_datetime(said)
    except ValueError:
        return ""
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return f"{int(when.timestamp())} {when:%z}"


def as_mail(patch: bytes, words: CommitWords, place: tuple[int, int]) -> bytes:
    """A patch as a mail that `git am` takes: as it is where it is one, else made of `words`."""
    if is_mail(patch) and patch.startswith(b"From "):
        return patch
    if is_mail(patch):
        return to_bytes(mail_form.FIRST_LINE) + patch
    diff = parted(to_text(patch), "")[1]
    return commit_mail(replace(words, encoding=b""), diff, "0" * 40, place)
