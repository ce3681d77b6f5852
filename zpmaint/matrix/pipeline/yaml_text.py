# SPDX-License-Identifier: GPL-2.0-only
"""Values as YAML that people read: blocks, no anchors, long texts as they are, comments.

What is written is read as the same values by YAML 1.1 and 1.2; a text is plain only where neither
could take it for something else.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

Value: TypeAlias = Union[
    str, int, bool, "Noted", Sequence["Value"], Mapping[str, "Value"]
]  # fmt: skip


@dataclass(frozen=True)
class Noted:
    """A value and what is to be said of it."""

    value: Value
    above: str = ""
    """A comment on the lines before, of any length."""
    beside: str = ""
    """A comment on the line of a scalar."""


_MARKS = r"A-Za-z0-9_./${}()'=|&+<>@-"
_PLAIN = re.compile(rf"[A-Za-z_./$][{_MARKS}]*(?: [!{_MARKS}]+)*")
_TAKEN = re.compile(r"(?i:y|n|yes|no|on|off|true|false|null|none|\.inf|\.nan)|\.[0-9_eE+.-]*|=|<<")
_BLOCK = re.compile(r"(?:[^\s].*|)(?:\n(?:.*[^\s]|))*\n", re.ASCII)
# Without U+2028 and U+2029, at which YAML 1.1 ends a line.
_PRINTABLE = re.compile(
    r"[\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*"
)
_LINE = re.compile(r"[\x20-\x7e]*")
_COLUMNS = 100


def text_of(value: Mapping[str, Value], head: str = "") -> str:
    """The document of `value`, after the comment `head`."""
    return "\n".join([*_comment(head, ""), *_lines(value, "")]) + "\n"


def _lines(value: Value, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _entry(f"{indent}{_key(key)}:", inner, indent)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from _entry(f"{indent}-", inner, indent)
    else:
        raise TypeError(f"no block: {value!r}")


def _entry(start: str, value: Value, indent: str) -> Iterator[str]:
    beside = ""
    if isinstance(value, Noted):
        yield from _comment(value.above, indent)
        beside = f" # {value.beside}" if value.beside else ""
        value = value.value
        if isinstance(value, Noted):
            raise TypeError("a comment on a comment")
    deeper = f"{indent}  "
    if isinstance(value, str) and _is_block(value):
        yield f"{start} |{beside}"
        yield from (f"{deeper}{line}" if line else "" for line in value.splitlines())
    elif isinstance(value, str | int):
        yield f"{start} {_scalar(value)}{beside}"
    elif not value:
        yield f"{start} {'{}' if isinstance(value, Mapping) else '[]'}{beside}"
    elif start.endswith("-"):
        first, *rest = _lines(value, deeper)
        while first.lstrip().startswith("#"):
            yield first
            first, *rest = rest
        yield f"{start} {first.removeprefix(deeper)}{beside}"
        yield from rest
    else:
        yield f"{start}{beside}"
        yield from _lines(value, deeper)


def _is_block(text: str) -> bool:
    return (
        text.count("\n") > 0
        and _BLOCK.fullmatch(text) is not None
        and not text.endswith("\n\n")
        and not text.startswith("\n")
        and _PRINTABLE.fullmatch(text) is not None
        and len(text.splitlines()) == text.count("\n")
    )


def _key(text: str) -> str:
    if text == "on":  # GitHub's own word, as its documentation writes it
        return text
    is_plain = re.fullmatch(r"[A-Za-z_.][A-Za-z0-9_.-]*", text) and not _TAKEN.fullmatch(text)
    return text if is_plain else _quoted(text)


def _scalar(value: str | int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return value if _PLAIN.fullmatch(value) and not _TAKEN.fullmatch(value) else _quoted(value)


def _quoted(text: str) -> str:
    if "'" not in text and ('"' in text or "\\" in text) and _LINE.fullmatch(text):
        return f"'{text}'"
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if _PRINTABLE.fullmatch(c) and c != "\xa0" else _escaped(c) for c in quoted)


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 1 << 16 else f"\\U{ord(char):08x}"


def _comment(text: str, indent: str) -> Iterator[str]:
    """One line, broken at words; of several each as it is."""
    lines = text.splitlines()
    if len(lines) == 1:
        lines = textwrap.wrap(text, _COLUMNS - len(indent) - 2)
    for line in lines:
        yield f"{indent}# {line}".rstrip()
