# SPDX-License-Identifier: GPL-2.0-only
"""What the source says of the fields of a class: the text behind each, and its type as written."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Field:
    """A field, or a member of an enum."""

    name: str
    type: ast.expr | None
    """None for a member of an enum."""
    about: str
    """The string that stands behind it; '' where there is none."""


def fields(cls: type) -> list[Field]:
    """The fields that `cls` and the classes it is made of declare, bases first."""
    found: dict[str, Field] = {}
    for one in reversed(cls.__mro__):
        node = _classes(one.__module__).get(one.__name__)
        for field in _own(node) if node else ():
            found[field.name] = field
    return list(found.values())


def about(cls: type) -> str:
    """The text of the class itself."""
    return inspect.cleandoc(cls.__doc__ or "")


@functools.cache
def _classes(module: str) -> dict[str, ast.ClassDef]:
    try:
        source = inspect.getsource(sys.modules[module])
    except (OSError, TypeError, KeyError):  # builtins have none
        return {}
    if not module.startswith("zpmaint."):
        return {}
    return {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _own(node: ast.ClassDef) -> list[Field]:
    made: list[Field] = []
    for place, statement in enumerate(node.body):
        name, kind = _declared(statement)
        if not name or name.startswith("_") or name == "model_config":
            continue
        after = node.body[place + 1 : place + 2]
        made.append(Field(name, kind, _words(after[0]) if after else ""))
    return made


def _declared(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, statement.annotation
    if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, None
    return "", None


def _words(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return " ".join(value.split()) if isinstance(value, str) else ""
    return ""
