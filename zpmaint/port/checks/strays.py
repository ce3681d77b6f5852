# SPDX-License-Identifier: GPL-2.0-only
"""A case stands in a switch, a break and a continue in what they leave or go on with."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from zpmaint.port.scopes import parse

if TYPE_CHECKING:
    from tree_sitter import Node

_LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "block"})
_HOMES = {
    "case_statement": frozenset({"switch_statement"}),
    "break_statement": _LOOPS | {"switch_statement"},
    "continue_statement": _LOOPS,
}


@lru_cache(maxsize=256)
def strays(data: bytes) -> Counter[str]:
    """By kind how many a function's text has that stand in none of their homes."""
    stack: list[tuple[Node, frozenset[str]]] = [(parse(data).root_node, frozenset())]
    found: Counter[str] = Counter()
    while stack:
        node, around = stack.pop()
        homes = _HOMES.get(node.type)
        if homes is not None and not homes & around:
            found[node.type.removesuffix("_statement")] += 1
        inner = around | {"block" if _may_loop(node) else node.type}
        stack += [(child, inner) for child in node.children]
    return found


def _may_loop(node: Node) -> bool:
    """Whether a statement may be what a loop does: list_for_each_entry(...) reads as a call that
    stands before it."""
    before = node.prev_named_sibling
    if before is None or before.type not in ("expression_statement", "ERROR"):
        return False
    return before.type == "ERROR" or not (before.text or b"").rstrip().endswith(b";")
