# SPDX-License-Identifier: GPL-2.0-only
"""Markdown as a page's HTML: headings with anchors, tables and listings that scroll by themselves,
links between documents kept. Pure.

Raw HTML of a text is shown as text. A link to what is not on the site (a source file, a document
that is no page) is shown as its words.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

Resolve = Callable[[str], str | None]
"""From a link as the text has it to the page's address; None: it leads to nothing on the site."""


@dataclass(frozen=True)
class Heading:
    """A heading of the second level, for a list of contents."""

    anchor: str
    words: str


@dataclass(frozen=True)
class Rendered:
    """A text as HTML."""

    html: str
    headings: tuple[Heading, ...]


def html_of(text: str, resolve: Resolve) -> Rendered:
    """The whole text, its first heading included."""
    tokens = _parser().parse(text)
    headings: list[Heading] = []
    taken: dict[str, int] = {}
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            words = _plain(tokens[place + 1])
            anchor = _anchor(words, taken)
            token.attrSet("id", anchor)
            if token.tag == "h2":
                headings.append(Heading(anchor, words))
        elif token.type in ("th_open", "td_open"):
            # The parser's own style attribute is what the site's policy forbids.
            if "right" in str(token.attrs.pop("style", "")):
                token.attrSet("class", "num")
        elif token.type == "inline":
            token.children = _linked(token.children or [], resolve)
            if not token.content.strip() and tokens[place - 1].tag == "th":
                # The corner of a table heads nothing: a heading without words is none.
                tokens[place - 1].tag = tokens[place + 1].tag = "td"
    return Rendered(_markup(tokens), tuple(headings))


def title_of(text: str) -> str:
    """The first heading in a text's first lines, as plain text; '' where there is none."""
    found = re.search(r"(?m)^# +(.+)$", text)
    return re.sub(r"[`*]", "", found[1]).strip() if found else ""


def slug(words: str) -> str:
    """A heading's anchor, as GitHub makes it of its words."""
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


@functools.cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _plain(inline: Token) -> str:
    return "".join(
        child.content
        for child in inline.children or []
        if child.type in ("text", "code_inline", "text_special")
    )


def _anchor(words: str, taken: dict[str, int]) -> str:
    anchor = slug(words) or "part"
    taken[anchor] = taken.get(anchor, -1) + 1
    return f"{anchor}-{taken[anchor]}" if taken[anchor] else anchor


def _linked(children: list[Token], resolve: Resolve) -> list[Token]:
    """The same with links and pictures led to where they are on the site, or taken out."""
    kept: list[Token] = []
    left_out: list[bool] = []
    for child in children:
        if child.type == "link_open":
            target = resolve(str(child.attrGet("href") or ""))
            left_out.append(target is None)
            if target is None:
                continue
            child.attrSet("href", target)
            if target.startswith(("http://", "https://")):
                child.attrSet("rel", "noreferrer")
        elif child.type == "link_close":
            if left_out.pop():
                continue
        elif child.type == "image":
            target = resolve(str(child.attrGet("src") or ""))
            if target is None:
                child.type, child.tag, child.children = "text", "", None
            else:
                child.attrSet("src", target)
                child.attrSet("loading", "lazy")
        kept.append(child)
    return kept


def _markup(tokens: list[Token]) -> str:
    parser = _parser()
    made: list[str] = []
    run: list[Token] = []

    def flush() -> None:
        made.append(parser.renderer.render(run, parser.options, {}))
        run.clear()

    anchor = ""
    tables = 0
    for token in tokens:
        if token.type == "heading_open":
            anchor = str(token.attrGet("id"))
        if token.type in ("fence", "code_block"):
            flush()
            code = escape(token.content, quote=False)
            made.append(f'<pre tabindex="0"><code>{code}</code></pre>\n')
        elif token.type == "heading_close" and token.tag != "h1":
            flush()
            made.append(
                f' <a class="anchor" href="#{escape(anchor)}" aria-label="Link to this part">#</a>'
                f"</{token.tag}>\n"
            )
        elif token.type == "table_open":
            flush()
            tables += 1
            made.append(
                f'<div class="scroll" tabindex="0" role="region" aria-label="Table {tables}">'
                '<table class="plain">\n'
            )
        elif token.type == "table_close":
            flush()
            made.append("</table></div>\n")
        else:
            run.append(token)
    flush()
    return "".join(made)
