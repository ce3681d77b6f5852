# SPDX-License-Identifier: GPL-2.0-only
"""The text of a saved web page: what a mail archive shows of a posting. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from zpmaint.core.text import to_text

_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_TAG = re.compile(r"<(?:/?(?:html|body|pre|div|span|p|br|td|tr|table|code|a|title)\b[^>]*)>", re.I)
_BLOCKS = frozenset(
    ("p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "pre",
     "section", "article", "header", "footer", "dt", "dd", "hr")
)  # fmt: skip
_SILENT = frozenset(("script", "style", "title", "noscript", "template"))


def is_page(text: str) -> bool:
    """Whether a text is a page's source: it begins as one, or is laid out by tags, with the diff
    inside of them."""
    start = text[:4096].lstrip("\ufeff")
    if _PAGE.match(start):
        return True
    return bool(re.match(r"\s*<(?:pre|div|table|span|code)\b", start, re.I)) and bool(
        _TAG.search(text, len(text) // 2)
    )


def text_of(page: str) -> str:
    """The page's text as a browser would save it: preformatted parts as they are, where there are
    some that hold a diff; entities and coloured spans undone."""
    reader = _Text()
    reader.feed(page)
    reader.close()
    pre = "".join(reader.pre)
    return pre if "@@ -" in pre or "+++ " in pre else "".join(reader.all)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.all: list[str] = []
        self.pre: list[str] = []
        self._depth = 0
        self._silent = 0
        self._fresh = False
        self._hidden = ""
        self._began: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        if tag == "br":
            self._put("\n")
        elif tag in _BLOCKS and not self._depth:
            self._line()
            self._began.append(len(self.all))
        if tag in ("pre", "textarea"):
            self._depth += 1
            self._fresh = True
        # An archive that hides addresses behind a script keeps them in the tag.
        if hidden := dict(attrs).get("data-cfemail"):
            self._hidden = tag
            self._put(_revealed(hidden))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        if tag == self._hidden:
            self._hidden = ""
        if tag in ("pre", "textarea") and self._depth:
            self._line()
            self._depth -= 1
        elif tag in _BLOCKS and not self._depth:
            began = self._began.pop() if self._began else -1
            if began == len(self.all):
                self._put("\n")  # a row that holds nothing is an empty line
            self._line()

    def handle_data(self, data: str) -> None:
        if self._silent or self._hidden:
            return
        if self._depth:
            if self._fresh:
                data = data.removeprefix("\r").removeprefix("\n")  # as HTML has it
            self._put(data)
        # Between tags stands what lays out the source; in them the style may keep blanks.
        elif data.strip():
            self._put(data)
        self._fresh = False

    def _put(self, text: str) -> None:
        self.all.append(text)
        if self._depth:
            self.pre.append(text)

    def _line(self) -> None:
        for out in (self.all, self.pre if self._depth else []):
            last = next((text for text in reversed(out) if text), "\n")
            if not last.endswith("\n"):
                out.append("\n")


def _revealed(hidden: str) -> str:
    """An address as Cloudflare hides it: hex, the first byte laid over the others."""
    try:
        data = bytes.fromhex(hidden)
    except ValueError:
        return ""
    return to_text(bytes(byte ^ data[0] for byte in data[1:])) if data else ""
