# SPDX-License-Identifier: GPL-2.0-only
"""A patch, a mail or a thread that lies at an address, fetched to be read as a file of it is.

A page of a mail archive of public-inbox's kind (lore.kernel.org) shows one mail and names the mbox
of its thread: that is fetched in its place.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit, urlunsplit

from zpmaint.core.errors import UserError
from zpmaint.core.progress import Reporter
from zpmaint.core.text import safe_name, to_text
from zpmaint.diffs.html_page import is_page
from zpmaint.sources import http
from zpmaint.sources.bounds import bounds_of
from zpmaint.sources.document import fetched

_SCHEMES = ("https", "http")
_THREAD = re.compile(r"""href=["']?((?:[^"'<>\s]*/)?t\.mbox\.gz)["'>\s]""")


@dataclass(frozen=True)
class Fetched:
    """What came."""

    place: Path
    """A file of it."""
    address: str
    """Where it lay: without what a server is told of who asks."""
    notes: tuple[str, ...]


def is_address(text: str) -> bool:
    """Whether `text` is an address of the web rather than a file or a repository."""
    return text.partition("://")[0].lower() in _SCHEMES and "://" in text


@contextmanager
def fetched_file(address: str, reporter: Reporter) -> Iterator[Fetched]:
    """The file at `address`, for as long as the block lasts. Raises UserError for what is no
    address, NotServedError and SourceFailedError as `sources.document` does."""
    notes: list[str] = []
    with reporter.step(f"fetch {_shown(address)}"):
        web = http.session()
        bounds = bounds_of("patch")
        data = fetched(web, address, bounds=bounds, reporter=reporter)
        if thread := _thread_of(data, address):
            notes.append(f"{_shown(address)} is a page of a mail archive: its thread is taken")
            address = thread
            data = fetched(web, address, bounds=bounds, reporter=reporter)
    if urlsplit(address).scheme.lower() == "http":
        notes.append(f"{_shown(address)}: came without encryption: nothing vouches for it")
    with tempfile.TemporaryDirectory(prefix="zpmaint-") as folder:
        place = Path(folder, _name(address))
        place.write_bytes(data)
        yield Fetched(place, _shown(address), tuple(notes))


def _thread_of(data: bytes, address: str) -> str:
    """The address of the thread that a page names; '' where it is no such page."""
    text = to_text(data)
    if not is_page(text) or not (found := _THREAD.search(text)):
        return ""
    there = urljoin(address, found[1])
    same = urlsplit(there)[:2] == urlsplit(address)[:2]
    return there if same else ""


def _shown(address: str) -> str:
    """Without user, password and fragment. Raises UserError for what is no address."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        if parts.port:
            host += f":{parts.port}"
    except ValueError as error:
        raise UserError(f"{address}: no address: {error}", "https://HOST/PATH") from None
    return urlunsplit((parts.scheme, host, parts.path, parts.query, ""))


def _name(address: str) -> str:
    """A file's name: the last part of the path."""
    last = next((p for p in reversed(unquote(urlsplit(address).path).split("/")) if p), "")
    return safe_name(last[-80:], "patch")
