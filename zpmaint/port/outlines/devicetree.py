# SPDX-License-Identifier: GPL-2.0-only
"""Device trees: nodes. A node that holds others and is long is told apart into those."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from zpmaint.port.outlines.found import Found

_NAME = re.compile(r"\s*((?:[\w&-]+:\s*)*[&/\w{][^{;]*?)\s*$")
_ASIDE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_BRACE = re.compile(r"[{}]")
_LONG = 40
"""Lines. Shorter nodes are scopes with all that they hold."""


@dataclass
class _Node:
    name: str
    start: int
    end: int = 0
    inner: list[_Node] = field(default_factory=list)


def scopes(lines: list[str]) -> list[Found]:
    """The nodes, by their path."""
    root = _Node("", 0)
    stack = [root]
    for n, line in enumerate(_ASIDE.sub(_blank, "".join(lines)).split("\n")):
        at = 0
        for brace in _BRACE.finditer(line):
            if brace[0] == "{":
                name = _NAME.match(line[at : brace.start()])
                stack.append(_Node(" ".join(name[1].split()) if name else "", n))
            elif len(stack) > 1:
                node = stack.pop()
                node.end = n + 1
                if node.name:
                    stack[-1].inner.append(node)
            at = brace.end()
    return [found for node in root.inner for found in _told(node, "")]


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _told(node: _Node, above: str) -> list[Found]:
    path = f"{above}/{node.name}"
    if node.inner and (node.end - node.start > _LONG or node.name == "/"):
        return [found for inner in node.inner for found in _told(inner, path)]
    return [("node", path, node.start, node.end)] if node.end - node.start > 1 else []
