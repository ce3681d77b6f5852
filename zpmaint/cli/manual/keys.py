# SPDX-License-Identifier: GPL-2.0-only
"""The keys of the files that people write, read from the tables that check those files."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from zpmaint.cli.manual import docstrings
from zpmaint.cli.manual.types_in_words import in_words

TableClass = type[BaseModel]


@dataclass(frozen=True)
class Key:
    """One key of a table."""

    name: str
    type: str
    """In words."""
    default: str
    """As TOML has it; '' nothing is there if it is left out."""
    is_needed: bool
    about: str


@dataclass(frozen=True)
class KeyTable:
    """One table of a file."""

    header: str
    """"[[kernel]]"; '' for the keys before the first table."""
    about: str
    keys: tuple[Key, ...]


def tables(header: str, cls: TableClass) -> Iterator[KeyTable]:
    """The table of `cls`, which stands under `header`, and those within it."""
    inner = {name: _inner(info) for name, info in cls.model_fields.items()}
    names = {one.__name__ for found in inner.values() for one in found}
    keys = tuple(_key(cls, field, names) for field in docstrings.fields(cls)
                 if field.name in cls.model_fields)  # fmt: skip
    yield KeyTable(header, docstrings.about(cls), keys)
    path = header.strip("[]")
    for name, found in inner.items():
        for one in found:
            below = f"{path}.{name}" if path else name
            yield from tables(_header(below, cls.model_fields[name]), one)


def _header(path: str, info: FieldInfo) -> str:
    kind = getattr(info.annotation, "__origin__", None)
    if kind is dict:
        return f"[{path}.NAME]"
    return f"[[{path}]]" if kind is tuple else f"[{path}]"


def _inner(info: FieldInfo) -> list[TableClass]:
    """The classes of tables that a field holds."""

    def among(kind: Any) -> Iterator[TableClass]:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind
        for part in get_args(kind):
            yield from among(part)

    return list(among(info.annotation))


def _key(cls: TableClass, field: docstrings.Field, names: set[str]) -> Key:
    info = cls.model_fields[field.name]
    known: dict[str, ast.expr] = {}
    for one in cls.__mro__:
        known |= _aliases(one.__module__)
    words = in_words(field.type, known, names)
    is_table = words.startswith("table") and words != "table of: text"
    default = "" if is_table or info.is_required() else _default(info.get_default(), words)
    return Key(info.alias or field.name, words, default, info.is_required(), field.about)


def _default(value: object, words: str) -> str:
    """What holds where the key is left out, as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f'"{_time(value)}"' if words.startswith("time") else f"{value:g}"
    if isinstance(value, str) and value:
        return f'"{value}"'
    if isinstance(value, tuple) and value:
        return "[" + ", ".join(f'"{one}"' for one in value) + "]"
    return ""


def _time(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size or seconds == size:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"


@functools.cache
def _aliases(module: str) -> dict[str, ast.expr]:
    """The names that a module gives to annotations (Arch = Literal[...]), also those that it
    imports from another one of zpmaint."""
    if not module.startswith("zpmaint."):
        return {}
    __import__(module)
    found: dict[str, ast.expr] = {}
    for node in ast.parse(inspect.getsource(sys.modules[module])).body:
        if isinstance(node, ast.ImportFrom) and node.module and "zpmaint" in node.module:
            theirs = {alias.name for alias in node.names}
            found |= {k: v for k, v in _own(node.module).items() if k in theirs}
    return found | _own(module)


@functools.cache
def _own(module: str) -> dict[str, ast.expr]:
    __import__(module)
    named = ast.parse(inspect.getsource(sys.modules[module])).body
    return {
        node.targets[0].id: node.value
        for node in named
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Subscript)
    }
