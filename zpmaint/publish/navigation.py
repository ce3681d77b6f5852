# SPDX-License-Identifier: GPL-2.0-only
"""The links at the head of every page."""

from __future__ import annotations

from zpmaint.publish import shelf


def navigation() -> list[tuple[str, str]]:
    """Address from the site's root and words of each, in order: only of pages that there are."""
    links = [("index.html", "Kernels"), ("works.html", "On mine?"), ("compare.html", "Compare")]
    if shelf.documents():
        links += [("docs/index.html", "Documents"), ("docs/glossary.html", "Glossary")]
    return links
