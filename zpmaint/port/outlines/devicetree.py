# SPDX-License-Identifier: GPL-2.0-only
"""Device trees: nodes. A node that holds others and is long is told apart into those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from zpmaint.port.outlines.found import Found

_NAME = re.compile(r"\s*((?:[\w&-]+:\s*)*[&/\w{][^{;]*?)\s*$")
_ASIDE = re.compile(r'/\*.*?(?:\*/|\Z)|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
_BRACE = re.compile(r"[{}]")
_LONG = 40
"""Lines. Shorter nodes are scopes with all that they hold."""
_DEEPEST = 64
"""Nodes within one another that are told apart; boards have no 12."""


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
    return list(_told(root.inner))


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def _told(nodes: list[_Node]) -> Iterator[Found]:
    """The scopes of nodes, in their order; of a long one those of what it holds, as deep as a
    tree goes."""
    stack = [("", node) for node in reversed(nodes)]
    while stack:
        above, node = stack.pop()
        path = f"{above}/{node.name}"
        is_long = node.end - node.start > _LONG or node.name == "/"
        if node.inner and is_long and path.count("/") < _DEEPEST:
            stack += [(path, inner) for inner in reversed(node.inner)]
        elif node.end - node.start > 1:
            yield "node", path, node.start, node.end
