# SPDX-License-Identifier: GPL-2.0-only
"""Text of others as it is shown: what a terminal, a page or a feed would act on made visible.

A guest, a log, a patch or a server may write escape sequences that move the cursor, set a title or
answer as if typed, characters that turn the direction of writing, or bytes that are no text.
"""

from __future__ import annotations

import re

# C0 but tab and newline, DEL, C1; marks of direction and the like; line ends that are no \n;
# what stands for bytes that were no UTF-8; what no file of XML may hold.
_ODD = re.compile(
    "[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_LONGEST = 500
"""Characters of a line of a table or an error."""


def visible(text: str) -> str:
    """`text` with what is not to be acted on as escapes: \\x1b, \\u202e. Tabs and newlines stay."""
    return _ODD.sub(_escape, text)


def one_line(text: str, longest: int = _LONGEST) -> str:
    """The same as one line: its first, or all of them with blanks between, cut to `longest`."""
    line = visible(" ".join(text.split()))
    return line if len(line) <= longest else f"{line[: longest - 3]}..."


def json_visible(document: str) -> str:
    """A JSON document whose strings show the same as JSON's own escapes: it means what it meant."""
    return _ODD.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _escape(found: re.Match[str]) -> str:
    number = ord(found[0])
    if 0xDC80 <= number <= 0xDCFF:  # a byte that was no UTF-8
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
