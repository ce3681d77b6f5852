# SPDX-License-Identifier: GPL-2.0-only
"""What is answered: status, headers, and which part of the file. Pure; RFC 9110, 13 and 14."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus

from zpmaint.service.http.request import Request

# What is shown here loads nothing from elsewhere and is shown in nobody's frame: the pages say so
# themselves, a log or a patch cannot.
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_CHECKED = "no-cache"
"""Kept by the client, and asked for each time whether it is still so."""
_FOR_EVER = "public, max-age=31536000, immutable"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@dataclass(frozen=True)
class Facts:
    """What is known of a file before it is read."""

    size: int
    digest: str
    """Of what it has: its ETag."""
    changed: float
    """Seconds since the epoch."""
    kind: str
    """The Content-Type."""
    lasts: bool = False
    """Whether its address stands for its content for ever."""


@dataclass(frozen=True)
class Answer:
    """An answer but for the bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """What is sent; None: `length` bytes of the file from `start` on."""
    start: int = 0
    length: int = 0

    def head(self, *, keeps: bool, now: float) -> bytes:
        """Status line and headers, with the empty line."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines.append(f"Date: {formatdate(now, usegmt=True)}")
        if self.status != 304:
            lines.append(f"Content-Length: {self.size}")
        lines += [f"{name}: {value}" for name, value in (_SAFE | dict(self.headers)).items()]
        lines.append(f"Connection: {'keep-alive' if keeps else 'close'}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    @property
    def size(self) -> int:
        return self.length if self.body is None else len(self.body)


def told(status: int, why: str = "", **headers: str) -> Answer:
    """A word instead of a page."""
    text = f"{status} {HTTPStatus(status).phrase}{why and f': {why}'}\n"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return made(text.encode(), "text/plain; charset=utf-8", status=status, **more)


def made(body: bytes, kind: str, *, status: int = 200, **headers: str) -> Answer:
    """What was made for this request, and is kept by nobody."""
    return Answer(status, {"Content-Type": kind, "Cache-Control": "no-store", **headers}, body=body)


def of_file(request: Request, facts: Facts) -> Answer:
    """The answer to a GET or HEAD of a file: all of it, a part, or that it is as it was."""
    etag = f'"{facts.digest}"'
    common = {
        "ETag": etag,
        "Last-Modified": formatdate(facts.changed, usegmt=True),
        "Cache-Control": _FOR_EVER if facts.lasts else _CHECKED,
        "Accept-Ranges": "bytes",
    }
    if _is_known(request, etag, facts.changed):
        return Answer(304, common, body=b"")
    common["Content-Type"] = facts.kind
    part = _part(request, etag, facts)
    if part is None:
        return Answer(200, common, length=facts.size)
    start, end = part
    if start >= end:
        whole = f"bytes */{facts.size}"
        return Answer(416, {"Content-Range": whole, "Cache-Control": "no-store"}, body=b"")
    common["Content-Range"] = f"bytes {start}-{end - 1}/{facts.size}"
    return Answer(206, common, start=start, length=end - start)


def _is_known(request: Request, etag: str, changed: float) -> bool:
    given = request.headers.get("if-none-match")
    if given is not None:
        known = [one.strip().removeprefix("W/") for one in given.split(",")]
        return "*" in known or etag in known
    since = _time(request.headers.get("if-modified-since"))
    return since is not None and int(changed) <= since


def _part(request: Request, etag: str, facts: Facts) -> tuple[int, int] | None:
    """From where up to where; None: the whole. Several parts at once are more than must be."""
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if request.method != "GET" or not found or not (found[1] or found[2]):
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition != etag:
        return None
    if len(found[1]) > 18 or len(found[2]) > 18:
        return None
    if not found[1]:
        return max(0, facts.size - int(found[2])), facts.size if int(found[2]) else 0
    first, last = int(found[1]), int(found[2]) if found[2] else facts.size - 1
    return None if last < first and found[2] else (first, min(last + 1, facts.size))


def _time(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, OverflowError, TypeError):
        return None
