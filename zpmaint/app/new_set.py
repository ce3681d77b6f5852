# SPDX-License-Identifier: GPL-2.0-only
"""The patch.toml of a set that is imported: who, what and why as its mails say it."""

from __future__ import annotations

import re

from zpmaint.app.import_ import Imported
from zpmaint.core.text import to_bytes
from zpmaint.core.versions import KernelVersion
from zpmaint.diffs.mail import field_of, is_mail
from zpmaint.diffs.subject import read_subject
from zpmaint.patchset.table import quoted

_UNKNOWN = "not named in what was imported"
_HG_USER = re.compile(r"^# User (.+)$", re.MULTILINE)
_END = re.compile(r"^(?:---\s*$|diff |--- |Index: |[A-Z][A-Za-z-]*-by: )", re.MULTILINE)


def patch_toml(done: tuple[Imported, ...], base: KernelVersion, came_from: str, file: str) -> str:
    """The text of a patch.toml with one anchor, the file or folder `file`."""
    first = to_bytes(done[0].patch)
    subject = read_subject(_field(first, "Subject")).title
    hg = _HG_USER.search(done[0].patch)
    author = _field(first, "From") or (hg[1].strip() if hg else "")
    title = subject or f"imported from {came_from}"
    if len(done) > 1:
        title += f", and {len(done) - 1} more"
    rows = {
        "title": title,
        "author": author or _UNKNOWN,
        "origin": f"imported from {came_from} against {base}",
        "intent": _message(done[0].patch) or title,
    }
    lines = [f"{key} = {_quoted(value)}" for key, value in rows.items()]
    anchor = [
        f"file = {_quoted(file)}",
        f"version = {_quoted(str(base))}",
        f"base = {_quoted(str(base))}",
        f"why = {_quoted('the patch as it was imported')}",
    ]
    return "\n".join([*lines, "leaves = []", "", "[[anchor]]", *anchor, ""])


def _field(data: bytes, name: str) -> str:
    return field_of(data, name) if is_mail(data) else ""


def _message(text: str) -> str:
    """The message, without header, trailers and diffstat."""
    body = text.partition("\n\n")[2] if is_mail(to_bytes(text)) else text
    if text.startswith("# HG changeset patch"):
        body = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    end = _END.search(body)
    return (body[: end.start()] if end else body).strip()


def _quoted(value: str) -> str:
    """A TOML string; a byte that is no UTF-8 cannot be in it."""
    return quoted(value.encode("utf-8", "replace").decode("utf-8"))
