# SPDX-License-Identifier: GPL-2.0-only
"""The type of a key in words, from its annotation as the source has it. Pure."""

from __future__ import annotations

import ast
from collections.abc import Collection

_WORDS = {
    "str": "text",
    "Said": "text",
    "Quoted": "text",
    "int": "number",
    "float": "number",
    "bool": "true or false",
    "Slug": "name: small letters, digits, -",
    "Word": "word: letters, digits, -",
    "Version": "kernel version",
    "Day": "day: 2007-04-16",
    "Duration": 'time: "90s", "30m", "6h", "2d"',
    "Amount": '"newest", "all" or a number',
    "Place": "HOST:PORT",
    "Pattern": "regular expression of Python",
    "Accelerator": '"tcg", "tcg,icount" or "kvm"',
    "Ends": '"status" or "power-off"',
    "CommitName": "whole name of a commit",
}


class NoWordsError(LookupError):
    """A type that has no words here yet."""


def in_words(node: ast.expr | None, known: dict[str, ast.expr], tables: Collection[str]) -> str:
    """`node` in words; `known` are names that stand for another annotation, `tables` the classes
    that have keys of their own. Raises NoWordsError."""
    if isinstance(node, ast.Name):
        if node.id in tables:
            return "table"
        if node.id in _WORDS:
            return _WORDS[node.id]
        if node.id in known:
            return in_words(known[node.id], known, tables)
    if isinstance(node, ast.BinOp):  # X | None: what may be left out
        parts = [part for part in (node.left, node.right) if not _is_none(part)]
        return " or ".join(in_words(part, known, tables) for part in parts)
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        inside = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        match node.value.id:
            case "Annotated":
                return in_words(inside[0], known, tables)
            case "Literal":
                return " or ".join(_quoted(part) for part in inside)
            case "tuple":
                inner = in_words(inside[0], known, tables)
                return "tables" if inner == "table" else f"list of: {inner}"
            case "dict":
                inner = in_words(inside[1], known, tables)
                return "tables by name" if inner == "table" else f"table of: {inner}"
    raise NoWordsError(ast.unparse(node) if node else "no annotation")


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _quoted(node: ast.expr) -> str:
    return f'"{node.value!s}"' if isinstance(node, ast.Constant) else ast.unparse(node)
