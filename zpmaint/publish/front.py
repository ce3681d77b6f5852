# SPDX-License-Identifier: GPL-2.0-only
"""The front page, and what all pages look like."""

from __future__ import annotations

from collections.abc import Iterator

from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import TEMPLATES, rendered
from zpmaint.publish.values import Site


def pages(site: Site) -> Iterator[Page]:
    """`index.html`, `style.css` and `favicon.svg`."""
    yield Page("index.html", None, lambda: _index(site))
    yield Page("style.css", made_of(), _style)  # a part of the program, as is the next
    yield Page("favicon.svg", made_of(), (TEMPLATES / "favicon.svg").read_bytes)


def _index(site: Site) -> bytes:
    return rendered(
        "index.html.j2",
        sets=site.sets,
        root="",
        here="index.html",
        generated=site.generated,
        canonical=site.canonical("index.html"),
    )


def _style() -> bytes:
    parts = sorted((TEMPLATES / "style").glob("*.css"))
    return shown("".join(part.read_text("utf-8") for part in parts))
