# SPDX-License-Identifier: GPL-2.0-only
"""The places of a C function where a slip can be made. Pure.

A place is a range of bytes of the function's text with what its name for the operators is; the
tree is tree-sitter's. What it could not read (an ERROR) holds no places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from zpmaint.port.scopes import parse

if TYPE_CHECKING:
    from tree_sitter import Node

_CONSTANT = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_SHORT = 200
"""Bytes: a longer statement (a whole block under an if) is not deleted at one go."""
Leave = Callable[[str], bool]
"""Whether a call of that name, and all in it, is left alone."""


@dataclass(frozen=True)
class Spot:
    """One place."""

    at: str
    """An operator's `at`."""
    start: int
    end: int
    """Bytes [start, end) of the function's text."""
    it: str
    left: str = ""
    right: str = ""
    name: str = ""
    """Of a call: the function's."""
    over: int = 0
    """Of a condition of an if: where the if ends."""


def spots(text: bytes, leave: Leave) -> Iterator[Spot]:
    """The places of a function, from its first line to its last, in the order of the tree."""
    whole = next(_of_type(parse(text).root_node, "function_definition"), None)
    body = whole.child_by_field_name("body") if whole is not None else None
    if whole is None or body is None:
        return
    declared = whole.child_by_field_name("declarator")
    pointer = declared is not None and declared.type == "pointer_declarator"
    stack: list[Node] = [body]
    while stack:
        node = stack.pop()
        if node.type in _NEVER or leave(_called(node)):
            continue
        yield from _at(node, pointer, leave)
        stack.extend(reversed(node.named_children))


_NEVER = frozenset({"ERROR", "preproc_def", "preproc_function_def", "preproc_call", "case_label"})


def statements(text: bytes) -> Iterator[tuple[int, int]]:
    """The ranges of a function's statements, each before those in it; none where the parser lost
    its way anywhere (an #if that holds half a block)."""
    top = parse(text).root_node
    whole = next(_of_type(top, "function_definition"), None)
    body = whole.child_by_field_name("body") if whole is not None else None
    stack = [body] if body is not None and not top.has_error else []
    while stack:
        node = stack.pop()
        if node.type in _NEVER:
            continue
        if node.type in _RUN:
            yield node.start_byte, node.end_byte
        stack.extend(reversed(node.named_children))


def names_used(text: bytes) -> frozenset[str]:
    """The identifiers that a text uses."""
    return frozenset(_said(node) for node in _of_type(parse(text).root_node, "identifier"))


def calls(text: bytes) -> frozenset[str]:
    """The names of the functions that a text calls."""
    return frozenset(_called(node) for node in _of_type(parse(text).root_node, "call_expression"))


_RUN = frozenset(
    {
        "expression_statement", "return_statement", "goto_statement", "break_statement",
        "continue_statement", "if_statement", "while_statement", "do_statement", "for_statement",
        "switch_statement",
    }
)  # fmt: skip


def _of_type(top: Node, kind: str) -> Iterator[Node]:
    stack = [top]
    while stack:
        node = stack.pop()
        if node.type == kind:
            yield node
        stack.extend(reversed(node.children))


def _said(node: Node | None) -> str:
    return node.text.decode("utf-8", "replace") if node is not None and node.text else ""


def _called(node: Node) -> str:
    """The name of the function that a call, or a statement that is one, calls; '' for others."""
    if node.type == "expression_statement" and node.named_child_count == 1:
        node = node.named_children[0]
    return _said(node.child_by_field_name("function")) if node.type == "call_expression" else ""


def _spot(at: str, node: Node, left: str = "", right: str = "", name: str = "") -> Spot:
    return Spot(at, node.start_byte, node.end_byte, _said(node), left, right, name)


def _at(node: Node, pointer: bool, leave: Leave) -> Iterator[Spot]:
    kind = node.type
    if kind.endswith("_statement"):
        yield from _statement(node, pointer, leave)
    elif kind == "conditional_expression":
        if (asked := node.child_by_field_name("condition")) is not None:
            yield replace(_spot("condition", asked), over=node.end_byte)
    elif kind in ("binary_expression", "assignment_expression", "update_expression"):
        yield from _operation(node)
    elif kind == "unary_expression":
        sign, inner = node.child_by_field_name("operator"), node.child_by_field_name("argument")
        if _said(sign) == "!":
            yield _spot("not", node, right=_said(inner))
    elif kind == "init_declarator":
        yield from _assigned(node.child_by_field_name("value"))
    elif kind == "call_expression":
        yield from _call(node)
    elif kind == "number_literal":
        yield _spot("number", node)
    elif kind == "identifier" and _CONSTANT.fullmatch(_said(node)) and not _is_function(node):
        yield _spot("constant", node)
        yield _spot("flag", node)


def _is_function(node: Node) -> bool:
    parent = node.parent
    return parent is not None and parent.child_by_field_name("function") == node


def _statement(node: Node, pointer: bool, leave: Leave) -> Iterator[Spot]:
    kind = node.type
    if kind == "expression_statement" and (name := _called(node)):
        yield _spot("call-statement", node, name=name)
    empty = kind == "expression_statement" and not node.named_child_count
    short = node.end_byte - node.start_byte <= _SHORT
    if kind in _DELETED and short and not empty and not _is_last_return(node):
        yield _spot("statement", node)
    if kind == "return_statement" and node.named_child_count == 1:
        yield _spot(f"return-{'pointer' if pointer else 'number'}", node.named_children[0])
    asked = node.child_by_field_name("condition")
    if asked is None or leave(_called(asked)):
        return
    if asked.type == "parenthesized_expression" and asked.named_child_count == 1:
        asked = asked.named_children[0]
    if asked.type == "comma_expression":  # ..., address += PAGE_SIZE, address != end
        asked = asked.named_children[-1]
    if kind == "if_statement":
        yield replace(_spot("condition", asked), over=node.end_byte)
    elif kind in ("while_statement", "do_statement", "for_statement"):
        yield _spot("loop", asked)


_DELETED = frozenset(
    {
        "expression_statement", "return_statement", "goto_statement", "break_statement",
        "continue_statement", "if_statement",
    }
)  # fmt: skip


def _is_last_return(node: Node) -> bool:
    """Whether nothing follows: a function without it would return what happens to be there."""
    block = node.parent
    top = block is not None and block.parent is not None
    return (
        node.type == "return_statement"
        and top
        and block is not None
        and block.parent is not None
        and block.parent.type in ("function_definition", "labeled_statement")
        and node.next_named_sibling is None
    )


def _operation(node: Node) -> Iterator[Spot]:
    sign = node.child_by_field_name("operator")
    left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
    if sign is None:
        return
    yield Spot("token", sign.start_byte, sign.end_byte, _said(sign))
    if node.type == "assignment_expression":
        yield from _assigned(right)
    if _said(sign) in ("&&", "||"):
        yield _spot("side", node, _said(left), _said(right))
    if _said(sign) == "|":
        yield _spot("flags", node, _said(left), _said(right))


def _assigned(value: Node | None) -> Iterator[Spot]:
    plain = ("number_literal", "initializer_list", "null", "false")
    if value is not None and value.type not in plain:
        yield _spot("assigned", value)


def _call(node: Node) -> Iterator[Spot]:
    name = _called(node)
    if node.parent is not None and node.parent.type != "expression_statement":
        yield _spot("call-value", node, name=name)
    given = node.child_by_field_name("arguments")
    list_ = given.named_children if given is not None else []
    for one in list_:
        if _said(one) != "0":
            yield _spot("argument", one, name=name)
    for one, other in pairwise(list_):
        if (left := _said(one)) != (right := _said(other)):
            both = Spot("arguments", one.start_byte, other.end_byte, "", left, right, name)
            yield both
