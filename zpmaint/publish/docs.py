# SPDX-License-Identifier: GPL-2.0-only
"""The documents of the site: what its words and figures mean, and how its verdicts are made."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from functools import partial
from itertools import groupby
from pathlib import Path, PurePosixPath

from markupsafe import Markup

from zpmaint.publish import shelf
from zpmaint.publish.markup import Rendered, html_of
from zpmaint.publish.page import Page, made_of
from zpmaint.publish.rendering import rendered
from zpmaint.publish.shelf import Document
from zpmaint.publish.values import Site

_PICTURES = (".svg", ".png")


def pages(site: Site) -> Iterator[Page]:
    """`docs/index.html`, `docs/NAME.html` of each document, and the pictures that they show."""
    found = shelf.documents()
    folder = shelf.folder_of()
    if folder is None:
        return
    all_of_them = made_of(site.base_url, [(d.name, d.part, d.title, d.about) for d in found])
    yield Page("docs/index.html", all_of_them, partial(_list, site, found))
    for one in found:
        inputs = made_of(all_of_them, one.text)
        yield Page(one.address, inputs, partial(_page, site, one, found))
    for picture in _pictures(folder):
        data = picture.read_bytes()
        yield Page(f"docs/{picture.name}", data, partial(bytes, data))


def address_of(link: str, names: frozenset[str], pictures: frozenset[str]) -> str | None:
    """From a link in one of docs/*.md to what it is on the site, seen from its page: another
    document's page, a picture, an address elsewhere, a place of the same page; else None."""
    if link.startswith(("http://", "https://", "#")):
        return link
    path, _, fragment = link.partition("#")
    name = PurePosixPath(path).name
    if PurePosixPath(path).parent.name not in ("", "docs"):
        return None
    if name in pictures:
        return name
    if not name.endswith(".md") or name.removesuffix(".md") not in names:
        return None
    return f"{name.removesuffix('.md')}.html" + (f"#{fragment}" if fragment else "")


def _page(site: Site, one: Document, found: tuple[Document, ...]) -> bytes:
    made = _rendered(one, frozenset(document.name for document in found))
    return rendered(
        "document.html.j2",
        document=one,
        text=Markup(made.html),  # of html_of, which escapes what is text
        headings=made.headings,
        root="../",
        here=one.address,
        canonical=site.canonical(one.address),
    )


@functools.cache
def _rendered(one: Document, names: frozenset[str]) -> Rendered:
    folder = shelf.folder_of()
    pictures = frozenset(path.name for path in _pictures(folder)) if folder else frozenset[str]()
    return html_of(one.text, partial(address_of, names=names, pictures=pictures))


def _list(site: Site, found: tuple[Document, ...]) -> bytes:
    parts = [(part, list(mine)) for part, mine in groupby(found, lambda one: one.part)]
    return rendered(
        "documents.html.j2",
        parts=parts,
        root="../",
        here="docs/index.html",
        canonical=site.canonical("docs/index.html"),
    )


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _PICTURES)
