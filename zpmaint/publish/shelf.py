# SPDX-License-Identifier: GPL-2.0-only
"""Which documents the site has: docs.toml's rows, and the texts that they name."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

from zpmaint.core.places import installed
from zpmaint.publish.markup import title_of


@dataclass(frozen=True)
class Document:
    """One text in Markdown."""

    name: str
    """The file's, without .md: part of its page's permanent address."""
    part: str
    """Under which heading it is listed."""
    title: str
    """Its first heading, as plain text."""
    about: str
    """One line."""
    text: str

    @property
    def address(self) -> str:
        return f"docs/{self.name}.html"


@functools.cache
def documents() -> tuple[Document, ...]:
    """All of docs.toml, in its order; none where zpmaint is installed without its documents."""
    folder = folder_of()
    if folder is None:
        return ()
    rows = tomllib.loads((Path(__file__).parent / "docs.toml").read_text("utf-8"))
    return tuple(
        _document(folder, part["title"], row["file"], row["about"])
        for part in rows["part"]
        for row in part["doc"]
    )


@functools.cache
def folder_of() -> Path | None:
    """Where the documents are: in the checkout that this package stands in, else where the
    installer put them; None where they are in neither."""
    found = installed("docs/glossary.md")
    return found.parent if found else None


def _document(folder: Path, part: str, file: str, about: str) -> Document:
    text = (folder / file).read_text("utf-8")
    name = file.removesuffix(".md")
    return Document(name, part, title_of(text) or name, about, text)
