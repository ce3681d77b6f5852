# SPDX-License-Identifier: GPL-2.0-only
"""The front page, and what all pages look like."""

from __future__ import annotations

from collections.abc import Iterator

from zpmaint.publish.page import Page, made_of, shown
from zpmaint.publish.rendering import TEMPLATES, rendered
from zpmaint.publish.values import Site


def pages(site: Site) -> Iterator[Page]:
    """`index.html` and `style.css`."""
    yield Page("index.html", None, lambda: _index(site))
    yield Page("style.css", made_of(), _style)  # a part of the program


def _index(site: Site) -> bytes:
    return rendered("index.html.j2", sets=site.sets, root="", generated=site.generated)


def _style() -> bytes:
    return shown((TEMPLATES / "style.css").read_text("utf-8"))
