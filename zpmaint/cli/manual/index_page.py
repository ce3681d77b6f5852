# SPDX-License-Identifier: GPL-2.0-only
"""docs/README.md: all documents, in the order of the site (zpmaint/publish/docs.toml)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from zpmaint.cli.manual.table import MADE, escaped, table
from zpmaint.publish.shelf import documents

_LEAD = (
    "New here: begin with a tutorial. In a hurry: a how-to. Looking something up: the reference.",
    "Everything here is also on the site that `zpmaint publish` writes; each command has `--help`",
    "and a man page.",
)


def index_page() -> str:
    """The whole text."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield from ("# Documents", "", MADE, "", *_LEAD)
    for part, found in groupby(documents(), lambda one: one.part):
        yield from ("", f"## {part}", "")
        yield from table(
            ("", ""), [(f"[{escaped(one.title)}]({one.name}.md)", one.about) for one in found]
        )
