# SPDX-License-Identifier: GPL-2.0-only
"""C by the kernel's own habit: what opens in column one closes there.

A parser stumbles over macros: struct_group() and __cacheline_group_begin() inside a struct, an
attribute behind it, DEFINE_PER_CPU() before an initialiser, __printf() before a function. The
columns do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from zpmaint.port.outlines.found import Found

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_OPENS = re.compile(r"[A-Za-z_].*\{$|\}[^;]*=\s*\{$|\{(?!.*\})")
_NO_SCOPE = re.compile(r"(?:if|else|do|for|while|switch|namespace|extern\s+\")\b")
_CALL = re.compile(r"([A-Z][A-Z0-9_]*)\(([^()]*),?\s*$")
_TYPE = re.compile(
    r"(?:\b(?:typedef|static|const|extern|volatile|__\w+)\s+)*"
    r"(?:struct|union|enum)\b(?P<rest>[^()=]*|[^=]*__\w+\s*\(.*\)[^=()]*)\{$"
)
_ATTRIBUTE = re.compile(r"__\w+\s*(?:\((?:[^()]|\([^()]*\))*\))?")
_MACRO_NAMED = re.compile(r"\b[A-Z][A-Z0-9_]*\s*\((?:[^()]*,)?\s*(\w+)\s*(?:\[[^\]]*\])*\s*\)\s*$")
_POINTED = re.compile(r"\(\s*\*\s*(?:const\s+)?(\w+)")
_MARKS = re.compile(r"__\w+|[A-Z][A-Z0-9_]*")
_SYSCALL = re.compile(r"(COMPAT_)?SYSCALL(?:32)?_DEFINE\w*$")
_HEAD_LINES = 12
_HEAD = 1200
"""Characters of a head; a longer one is a table of data, or no C."""


@dataclass(frozen=True)
class Body:
    """What stands between braces (or the brackets of a macro's call) that column one shows."""

    kind: str
    name: str
    start: int
    """The first line of its head."""
    opened: int
    """The line with the brace."""
    end: int

    @property
    def found(self) -> Found:
        return self.kind, self.name, self.start, self.end


def bodies(lines: list[str]) -> list[Body]:
    """The bodies that open and close in column one, in order."""
    found: list[Body] = []
    opened: int | None = None
    closer = ""
    least = 0
    for n, line in _plain(lines):
        first = line[:1]
        at_margin = bool(first) and not first.isspace()
        if opened is not None:
            if first == closer or ("}" in line and _ends_data(lines[opened : n + 1])):
                if body := _body(lines, opened, n, least):
                    found.append(body)
                    least = body.end
                opened = None
            elif closer == ")" and at_margin:
                opened = None  # a call within a head, or one that ends as it began
        if opened is None and at_margin:
            text = _COMMENT.sub("", line).rstrip()
            if _OPENS.match(text) and not _NO_SCOPE.match(text):
                opened, closer = n, "}"
            elif _CALL.match(text):
                opened, closer = n, ")"
    return found


def _ends_data(lines: list[str]) -> bool:
    """Whether a type or a table ends elsewhere than in column one: `NR_ITEMS };`"""
    text = _COMMENT.sub("", lines[0]).rstrip()
    data = text.endswith("{") and text != "{" and not text.removesuffix("{").rstrip().endswith(")")
    if not data or not re.search(r"\}[\w\s]*;$", _COMMENT.sub("", lines[-1]).rstrip()):
        return False
    whole = "".join(lines)
    return whole.count("{") == whole.count("}")


def _plain(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that belong to no macro's text."""
    inside = False
    for n, line in enumerate(lines):
        was, inside = inside, line.endswith(("\\\n", "\\\r\n", "\\"))
        if was or line.startswith("#"):
            inside = inside and (was or line.startswith("#"))
            continue
        inside = False
        yield n, line


def _body(lines: list[str], opened: int, closed: int, least: int) -> Body | None:
    if lines[closed].startswith(")"):
        call = _CALL.match(_COMMENT.sub("", lines[opened]).rstrip())
        name = _called(call) if call else ""
        return Body("table", name, opened, opened, closed + 1) if name else None
    start = opened
    while start > max(least, opened - _HEAD_LINES) and _is_head(lines, start - 1, opened):
        start -= 1
    head = "".join(lines[start : opened + 1])
    if len(head) > _HEAD:
        return None
    head = _COMMENT.sub(" ", head)
    head = " ".join(head[: head.rindex("{") + 1].split()) if "{" in head else ""
    kind, name = _named(head, lines[opened + 1 : closed + 1])
    # `} name = {` is the head of what it opens.
    end = closed if lines[closed].rstrip().endswith("{") else closed + 1
    return Body(kind, name, start, opened, end) if name else None


def _is_head(lines: list[str], n: int, opened: int) -> bool:
    """Whether a line can belong to a head: not blank, no end of something else."""
    text = lines[n].strip()
    if not text or text.endswith((";", "}", "*/", ":", "\\")) or text.startswith(("#", "/*", "*/")):
        return False
    if n and lines[n - 1].rstrip().endswith("\\"):
        return False  # the last line of a macro
    # A macro's call before a line that begins a head by itself is no part of it.
    called = lines[n][:1].isupper() and text.endswith(")")
    return not (called and n + 1 < opened + (lines[opened][:1] != "{") and _begins(lines[n + 1]))


def _begins(line: str) -> bool:
    return line[:1].isalpha() or line[:1] == "_"


def _called(call: re.Match[str]) -> str:
    """What a macro's call is about: DEFINE_EVENT(class, NAME, TRACE_EVENT(NAME,"""
    words = [word.strip() for word in call[2].split(",") if word.strip()]
    if call[1].startswith("DEFINE_EVENT") and len(words) > 1:
        return words[1]
    return words[0] if words and words[0].isidentifier() else ""


def _named(head: str, body: list[str]) -> tuple[str, str]:
    """The kind and the name of what a head opens; the name is '' where none is seen."""
    if head.startswith("}"):
        return "table", _of_table(head[1:-1].rstrip().removesuffix("="))
    if re.search(r"=\s*\{$", head):
        return "table", _of_table(head[:-1].rstrip().removesuffix("="))
    if type_ := _TYPE.match(head):
        words = re.findall(r"\w+", _ATTRIBUTE.sub(" ", type_["rest"]))
        return "struct", words[-1] if words else _of_anonymous(head, body)
    return "function", _of_function(head[:-1])


def _of_table(text: str) -> str:
    text = text.rstrip()
    if pointed := _POINTED.search(text):
        return pointed[1]
    if macro := _MACRO_NAMED.search(text):
        return macro[1]
    words = re.findall(r"\w+", re.sub(r"\[[^\]]*\]", " ", _ATTRIBUTE.sub(" ", text)))
    while len(words) > 1 and _MARKS.fullmatch(words[-1]):
        words.pop()
    return words[-1] if words else ""


def _of_anonymous(head: str, body: list[str]) -> str:
    """A type without a name, by its first enumerator or by what is declared with it."""
    if re.search(r"\benum\b", head):
        first = re.search(r"^\s*(\w+)\s*[,=(}\n]", _COMMENT.sub("", "".join(body)), re.MULTILINE)
        return f"enum {first[1]}" if first else ""
    words = re.findall(r"\w+", _ATTRIBUTE.sub(" ", body[-1] if body else ""))
    return words[0] if words else ""


def _of_function(head: str) -> str:
    """The name before the parameters: not that of an attribute before or behind them. Of a macro
    that names the function it is the macro's first word."""
    depth = 0
    told: list[tuple[str, int]] = []
    for word in re.finditer(r"\w+|[()]", head):
        if word[0] in "()":
            depth += 1 if word[0] == "(" else -1
        elif depth == 0 and head[word.end() :].lstrip().startswith("("):
            told.append((word[0], word.end()))
    name, end = next((one for one in told if not one[0].startswith("__")), (told or [("", 0)])[0])
    first = re.match(r"\s*\(\s*(\w+)\s*[,)]", head[end:])
    if name.isupper() and first:
        way = _SYSCALL.match(name)
        return f"{(way[1] or '').lower()}sys_{first[1]}" if way else first[1]
    return name
