# SPDX-License-Identifier: GPL-2.0-only
"""A folder's page, as web servers make it: the names that stand in it. Pure.

nginx and Apache write it otherwise, and mirrors as they like; what is the same is that each file is
a link relative to the page.
"""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote


def names_in(body: bytes) -> list[str]:
    """The files and folders (with a slash at the end) of a page, in its order; none where it is no
    such page. Links out of the folder, and those that sort it, are left out."""
    reader = _Links()
    reader.feed(body.decode("utf-8", "replace"))
    found = dict.fromkeys(
        unquote(link.removeprefix("./")) for link in reader.links if not link.startswith(("?", "#"))
    )
    return [name for name in found if name and "/" not in name.removesuffix("/") and name != "../"]


class _Links(HTMLParser):
    """Where the links of a page lead."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value for name, value in attrs if name == "href" and value]
