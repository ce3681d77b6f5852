# SPDX-License-Identifier: GPL-2.0-only
"""The head of a request, read as RFC 9110 and 9112 have it; what is doubtful is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

LONGEST = 16 * 1024
"""Bytes of a head; browsers send one or two thousand."""

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_ODD_PATH = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")


class RefusedError(Exception):
    """A head that is not answered with what it asks for."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


@dataclass(frozen=True)
class Request:
    """What is asked."""

    method: str
    path: str
    """Decoded, with the slash that it begins with."""
    headers: Mapping[str, str]
    """By their names in lower case."""
    keeps: bool
    """Whether the client wants to ask more over the same connection."""


def parse(head: bytes) -> Request:
    """The request whose head this is, without the empty line that ends it. Raises RefusedError."""
    lines = head.split(b"\r\n")
    method, target, version = _first(lines[0])
    headers = _headers(lines[1:])
    if version == b"HTTP/1.1" and "host" not in headers:
        raise RefusedError(400, "no Host")
    # A body would be taken for the next request: nothing that is served here has one.
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise RefusedError(413, "no request with a body is taken")
    asked = headers.get("connection", "").lower()
    keeps = "close" not in asked and (version == b"HTTP/1.1" or "keep-alive" in asked)
    return Request(method.decode("ascii"), _path(target), headers, keeps)


def _first(line: bytes) -> tuple[bytes, bytes, bytes]:
    words = line.split(b" ")
    if len(words) != 3 or not _TOKEN.fullmatch(words[0]):
        raise RefusedError(400, "not a request of HTTP/1")
    if words[2] not in (b"HTTP/1.1", b"HTTP/1.0"):
        is_http = re.fullmatch(rb"HTTP/\d\.\d", words[2])
        raise RefusedError(505 if is_http else 400, "HTTP/1.1 is spoken here")
    return words[0], words[1], words[2]


def _headers(lines: list[bytes]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        value = value.strip(b" \t")
        # A blank before the colon, or a line that goes on, is read otherwise by others.
        if not colon or not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise RefusedError(400, "a malformed header")
        key, text = name.decode("ascii").lower(), value.decode("latin-1")
        if key in found and key in ("host", "content-length"):
            raise RefusedError(400, f"{key} is there twice")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found


def _path(target: bytes) -> str:
    if target.lower().startswith((b"http://", b"https://")):  # as a proxy is asked
        target = b"/" + target.split(b"/", 3)[3] if target.count(b"/") > 2 else b"/"
    if not target.startswith(b"/") or re.search(rb"[\x00-\x20\x7f-\xff]", target):
        raise RefusedError(400, "not a path")
    plain = target.partition(b"?")[0]
    if re.search(rb"%(?![0-9A-Fa-f]{2})", plain):
        raise RefusedError(400, "a path with half an escape")
    try:
        path = unquote_to_bytes(plain).decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(400, "a path that is no UTF-8") from None
    if _ODD_PATH.search(path):
        raise RefusedError(400, "a path with control characters")
    return path
