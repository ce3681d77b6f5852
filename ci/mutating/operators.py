# SPDX-License-Identifier: GPL-2.0-only
"""The changes that are made to a module, one place at a time. Pure: text in, texts out."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

_COMPARED: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.In: ("in", "not in"),
    ast.NotIn: (r"not\s+in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: (r"is\s+not", "is"),
}
_COUNTED: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: (r"\+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: (r"\*", "//"),
    ast.FloorDiv: ("//", "*"),
    ast.Div: ("/", "*"),
    ast.Mod: ("%", "*"),
    ast.BitOr: (r"\|", "&"),
    ast.BitAnd: ("&", "|"),
}


@dataclass(frozen=True)
class Mutant:
    """One change of one module."""

    path: str
    """From the top of the sources."""
    line: int
    operator: str
    start: int
    """Where in the text, in characters."""
    end: int
    text: str
    """What stands there instead."""

    @property
    def name(self) -> str:
        """The same for the same change of the same place; other lines of the module do not count
        but for where they push it."""
        words = f"{self.path} {self.line} {self.operator} {self.start} {self.end} {self.text}"
        return hashlib.sha256(words.encode()).hexdigest()[:16]

    def applied(self, source: str) -> str:
        """The module with the change."""
        return source[: self.start] + self.text + source[self.end :]


def mutants(path: str, source: str) -> list[Mutant]:
    """All changes of a module, in the order of their places. Only those that can still be compiled
    are given. Type annotations, decorators, asserts and docstrings are left alone."""
    found = _Finder(path, source)
    found.visit(ast.parse(source))
    made = {}
    for one in found.made:
        try:
            if ast.dump(ast.parse(one.applied(source))) == found.whole:
                continue
        except SyntaxError:
            continue
        made[one.start, one.end, one.text] = one
    return [made[key] for key in sorted(made)]


class _Finder(ast.NodeVisitor):
    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source
        self.made: list[Mutant] = []
        self.whole = ast.dump(ast.parse(source))
        self._lines = [0]
        for line in source.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))

    def _at(self, line: int, column: int) -> int:
        """`column` is in bytes of UTF-8, as ast has it."""
        start = self._lines[line - 1]
        text = self.source[start : self._lines[line]]
        return start + len(text.encode()[:column].decode())

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None and node.end_col_offset is not None
        return (
            self._at(node.lineno, node.col_offset),
            self._at(node.end_lineno, node.end_col_offset),
        )

    def _add(
        self, node: ast.expr | ast.stmt, operator: str, start: int, end: int, text: str
    ) -> None:
        self.made.append(Mutant(self.path, node.lineno, operator, start, end, text))

    def _whole(self, node: ast.expr | ast.stmt, operator: str, text: str) -> None:
        self._add(node, operator, *self._span(node), text)

    def _between(
        self, left: ast.expr, right: ast.expr, pattern: str, operator: str, text: str
    ) -> None:
        start, end = self._span(left)[1], self._span(right)[0]
        if found := re.search(pattern, self.source[start:end]):
            self._add(left, operator, start + found.start(), start + found.end(), text)

    # --- What is left alone ------------------------------------------------------------------

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.visit(default)
        for statement in node.body:
            self.visit(statement)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for statement in node.body:
            self.visit(statement)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Assert(self, node: ast.Assert) -> None:
        """It is there for the type checker."""

    # --- What is changed ---------------------------------------------------------------------

    def visit_Compare(self, node: ast.Compare) -> None:
        operands = [node.left, *node.comparators]
        for left, right, kind in zip(operands, node.comparators, node.ops, strict=False):
            pattern, text = _COMPARED[type(kind)]
            self._between(left, right, pattern, "comparison", text)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        pattern, text = (r"\band\b", "or") if isinstance(node.op, ast.And) else (r"\bor\b", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            self._between(left, right, pattern, "and or", text)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if type(node.op) in _COUNTED:
            pattern, text = _COUNTED[type(node.op)]
            self._between(node.left, node.right, pattern, "arithmetic", text)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            start, end = self._span(node.operand)
            self._whole(node, "not", f"({self.source[start:end]})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, bool):
            self._whole(node, "constant", str(not node.value))
        elif isinstance(node.value, int | float):
            self._whole(node, "constant", str(node.value + 1))

    def visit_If(self, node: ast.If) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._negated(node.test)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for test in node.ifs:
            self._whole(test, "filter", "True")
        self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> None:
        if node.value is not None and not isinstance(node.value, ast.Constant):
            self._whole(node, "return", "return None")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._whole(node, "statement", "pass")

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self._whole(node, "statement", "pass")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._whole(node, "statement", "break")

    def visit_Break(self, node: ast.Break) -> None:
        self._whole(node, "statement", "continue")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node.value, ast.Call):
            self._whole(node, "statement", "pass")
        self.generic_visit(node)

    def _negated(self, test: ast.expr) -> None:
        is_told = isinstance(test, ast.Compare | ast.BoolOp) or (
            isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
        )
        if is_told or ast.unparse(test) == "TYPE_CHECKING":
            return
        start, end = self._span(test)
        self._whole(test, "condition", f"(not ({self.source[start:end]}))")


def chosen(found: Iterable[Mutant], seed: int, most: int) -> list[Mutant]:
    """A sample that any later call with the same seed begins with, however many it takes."""

    def place(one: Mutant) -> str:
        return hashlib.sha256(f"{seed} {one.name}".encode()).hexdigest()

    return sorted(found, key=place)[:most]
