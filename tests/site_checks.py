# SPDX-License-Identifier: GPL-2.0-only
"""What holds for every page of a site, whatever is on it: well-formed, nothing inline, no link that
leads nowhere."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

VOID = {"meta", "link", "br", "input", "hr", "img", "wbr", "col"}
_SHAPES = {"rect", "path", "line", "circle", "use", "polyline", "polygon"}
_ADDRESSES = ("href", "src")
_OWN_SCRIPT = re.compile(
    rb'<script src="(?:\.\./)*(?:works/(?:works|names|sets)|compare|compare-runs|stopped)\.js"'
    rb" defer></script>\n"
)


def without_own_scripts(page: bytes) -> bytes:
    """A page less the scripts that the site itself has: there may be no other."""
    return _OWN_SCRIPT.sub(b"", page)


class Markup(HTMLParser):
    """One page's markup: raises AssertionError where it is not well-formed."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.pictures: list[str] = []
        """The addresses of its pictures, from the site's root and quoted."""
        self.tags: set[str] = set()
        self.elements = 0
        self.inline: list[str] = []
        """What a strict content security policy would not allow."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        assert len(named) == len(attrs), f"{self.name}: an attribute twice in <{tag}>"
        self.elements += 1
        self.inline += [f"<{tag} {n}=...>" for n in named if n.startswith("on") or n == "style"]
        if tag == "style" or (tag == "script" and "src" not in named):
            self.inline.append(f"<{tag}>")
        if any((named.get(n) or "").lower().startswith(("javascript:", "data:")) for n in named):
            self.inline.append(f"<{tag}> with an address that is a program")
        self.tags.add(tag)
        if tag == "img":
            folder = posixpath.dirname(self.name)
            self.pictures.append(posixpath.normpath(posixpath.join(folder, named["src"] or "")))
        if tag not in VOID:
            self.open.append(tag)
        self.links += [v or "" for n, v in attrs if n in _ADDRESSES]
        self.ids += [v or "" for n, v in attrs if n == "id"]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _SHAPES | VOID, f"{self.name}: <{tag}/> is no empty element of HTML"
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{self.name}: </{tag}> closes nothing"
        assert self.open[-1] == tag, f"{self.name}: </{tag}> within <{self.open[-1]}>"
        self.open.pop()


def markup_of(name: str, page: bytes) -> Markup:
    """A page, held to be whole: all closed, no id twice, nothing inline."""
    made = Markup(name)
    made.feed(page.decode("utf-8"))
    made.close()
    assert made.open == [], f"{name}: left open: {made.open}"
    assert len(made.ids) == len(set(made.ids)), f"{name}: an id twice"
    assert made.inline == [], f"{name}: inline {made.inline}"
    return made


def checked(site: Mapping[str, bytes]) -> dict[str, Markup]:
    """Every page of HTML, held to that."""
    return {name: markup_of(name, data) for name, data in site.items() if name.endswith(".html")}


def broken_links(
    pages: Mapping[str, Markup], addresses: Iterable[str], base: str = ""
) -> list[str]:
    """The links within the site that lead to no file of it, or to no such place on a page, each
    with the page that has it. `base`: where the site says that it stands."""
    there = set(addresses)
    found = []
    for name, page in pages.items():
        for link in page.links:
            at = link.removeprefix(base) if base and link.startswith(base) else link
            parts = urlsplit(at)
            if parts.scheme or parts.netloc:
                continue
            folder = "" if at != link else posixpath.dirname(name)
            path = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
            target = path if parts.path else name
            if target not in there:
                found.append(f"{name}: {link}")
            elif parts.fragment and target in pages:
                places = pages[target].ids
                if unquote(parts.fragment) not in places:
                    found.append(f"{name}: {link}: no such place")
    return found
