# SPDX-License-Identifier: GPL-2.0-only
"""The text of a saved web page: what a mail archive shows of a posting. Pure.

The tags are found here and not by the standard library, whose parser takes the square of the time
for what looks like a tag and does not end.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from zpmaint.core.text import to_text

_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:[^-]|-(?!->))*-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"</?(?:html|body|pre|div|span|p|br|td|tr|table|code|a|title)\b[^<>]*>", re.I)
_NAME = re.compile(r"</?([A-Za-z][^\s/>]*)")
_STOP = re.compile(r"=\s*[\"']|>")
_HIDDEN = re.compile(r"\bdata-cfemail\s*=\s*[\"']?([0-9A-Fa-f]*)")
_HUGE = re.compile(r"&#\d{8,}")
_BLOCKS = frozenset(
    ("p", "div", "tr", "li", "h1", "h2", "h3", "h4", "table", "ul", "ol", "blockquote", "pre",
     "section", "article", "header", "footer", "dt", "dd", "hr")
)  # fmt: skip
_SILENT = frozenset(("script", "style", "title", "noscript", "template"))
_RAW = frozenset(("script", "style"))
"""What they hold is not looked through for tags."""


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
    for piece in _pieces(page):
        if isinstance(piece, str):
            reader.data(html.unescape(_HUGE.sub("&#0", piece)))
        elif piece.closes:
            reader.end(piece.name)
        else:
            reader.start(piece.name, piece.text)
    pre = "".join(reader.pre)
    return pre if "@@ -" in pre or "+++ " in pre else "".join(reader.all)


@dataclass(frozen=True)
class _Tag:
    name: str
    closes: bool
    text: str


def _pieces(page: str) -> Iterator[str | _Tag]:
    """Texts and tags, comments left out. Whatever does not end is text, to the page's end."""
    at = kept = 0
    while (at := page.find("<", at)) >= 0:
        if page.startswith(("<!", "<?"), at):
            is_comment = page.startswith("<!--", at)
            closer = "-->" if is_comment else ">"
            end = page.find(closer, at + 2)
            if end < 0:
                break
            yield page[kept:at]
            at = kept = end + len(closer)
            continue
        name = _NAME.match(page, at)
        if name is None:
            at += 1
            continue
        end = _end(page, name.end())
        if end < 0:
            break
        yield page[kept:at]
        tag = _Tag(name[1].lower(), page[at + 1] == "/", page[at:end])
        yield tag
        at = kept = end
        if tag.name in _RAW and not tag.closes:
            found = re.compile(rf"</{tag.name}", re.IGNORECASE).search(page, at)
            at = kept = found.start() if found else len(page)
    yield page[kept:]


def _end(page: str, at: int) -> int:
    """Where a tag ends, -1 where it does not: a > in a value's quotes ends none."""
    while found := _STOP.search(page, at):
        if found[0] == ">":
            return found.end()
        at = page.find(found[0][-1], found.end()) + 1
        if not at:
            return -1
    return -1


class _Text:
    def __init__(self) -> None:
        self.all: list[str] = []
        self.pre: list[str] = []
        self._depth = 0
        self._silent = 0
        self._fresh = False
        self._hidden = ""
        self._began: list[int] = []

    def start(self, tag: str, text: str) -> None:
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
        if hidden := _HIDDEN.search(text):
            self._hidden = tag
            self._put(_revealed(hidden[1]))

    def end(self, tag: str) -> None:
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

    def data(self, data: str) -> None:
        if self._silent or self._hidden or not data:
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
        if text:
            self.all.append(text)
            if self._depth:
                self.pre.append(text)

    def _line(self) -> None:
        for out in (self.all, self.pre if self._depth else []):
            if out and not out[-1].endswith("\n"):
                out.append("\n")


def _revealed(hidden: str) -> str:
    """An address as Cloudflare hides it: hex, the first byte laid over the others."""
    try:
        data = bytes.fromhex(hidden)
    except ValueError:
        return ""
    return to_text(bytes(byte ^ data[0] for byte in data[1:])) if data else ""
